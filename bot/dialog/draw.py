"""The flow of a dialog as a picture: a card for each state, an arrow from each answer to where it leads."""

from collections.abc import Iterator, Mapping
from html import escape

from bot.dialog.flow import OUT, Answer, flow
from bot.dialog.layout import CARD, GUARD, MARGIN, ROW, TITLE, WORD_LINE, Spot, arrange, row_height
from bot.dialog.library import Library

_LABEL_LETTERS, _GUARD_LETTERS, _PILL_LETTERS = 32, 40, 18
_HUES = 6
"""How many colours arrows have, so that neighbours can be told apart."""


def draw(library: Library, name: str, locale: str) -> str:
    """The dialog `name` as an SVG that suits light and dark, with the words of `locale`. Cards link to each other."""
    spots = arrange(flow(library, name, locale))
    width = max(spot.x for spot in spots.values()) + CARD + 150 + MARGIN
    height = max(spot.y + spot.height for spot in spots.values()) + MARGIN
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"',
        f'height="{height:.0f}" role="img" aria-label="The flow of {escape(name)}">',
        f"<style>{_STYLE}</style>",
        f"<defs>{''.join(map(_arrow_head, range(_HUES)))}</defs>",
        '<rect class="paper" width="100%" height="100%"/>',
        *(line for spot in spots.values() for line in _arrows(spot, spots)),
        *(line for spot in spots.values() for line in _card(spot, spots)),
        "</svg>\n",
    )
    return "\n".join(lines)


def _arrows(spot: Spot, spots: Mapping[str, Spot]) -> Iterator[str]:
    hue = list(spots).index(spot.card.id) % _HUES
    for n, answer in enumerate(spot.card.answers):
        if _is_drawn(spot, answer, spots):
            target = spots[answer.leads_to]
            x, y, to_x, to_y = spot.x + CARD, spot.port(n), target.x - 7, target.entry
            half = (x + to_x) / 2
            yield (
                f'<path class="arrow hue{hue}" marker-end="url(#head{hue})" '
                f'd="M{x:.0f} {y:.0f} C{half:.0f} {y:.0f} {half:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"/>'
            )


def _card(spot: Spot, spots: Mapping[str, Spot]) -> Iterator[str]:
    card = spot.card
    yield f'<g id="{_anchor(card.id)}">'
    yield (
        f'<rect class="card {card.kind}" x="{spot.x:.0f}" y="{spot.y:.0f}" width="{CARD}" height="{spot.height:.0f}" rx="12"/>'
    )
    picture = " ▶" if card.picture else ""
    yield _text("title", spot.x + 14, spot.y + 20, f"{card.title}{picture}")
    for n, line in enumerate(spot.lines):
        yield _text("words", spot.x + 14, spot.y + TITLE + 8 + n * WORD_LINE, line)
    for n, answer in enumerate(card.answers):
        yield from _answer(spot, n, answer, spots)
    yield "</g>"


def _answer(spot: Spot, n: int, answer: Answer, spots: Mapping[str, Spot]) -> Iterator[str]:
    y = spot.port(n)
    tall = row_height(answer) - 4
    yield f'<rect class="row {answer.kind}" x="{spot.x + 8:.0f}" y="{y - ROW / 2 + 1:.0f}" width="{CARD - 16}" height="{tall:.0f}" rx="7"/>'
    shown = answer.label or ("" if answer.guard else "goes on")
    if shown:
        yield _text("label", spot.x + 17, y + 3, _short(shown, _LABEL_LETTERS))
    if answer.guard:
        yield _text("guard", spot.x + 17, y + (GUARD + 2 if shown else 3), _short(answer.guard, _GUARD_LETTERS))
    if answer.leads_to and not _is_drawn(spot, answer, spots):
        yield from _pill(spot.x + CARD + 5, y, answer.leads_to, spots)
    elif answer.kind == "back":
        yield _text("away", spot.x + CARD - 24, y + 3, "↩")
    elif answer.kind == "away":
        yield _text("away", spot.x + CARD - 24, y + 3, "↗")


def _pill(x: float, y: float, target: str, spots: Mapping[str, Spot]) -> Iterator[str]:
    """Where an arrow would be too long: the name of what follows."""
    name = "end" if target == OUT else spots[target].card.title if target in spots else target
    words = _short(f"→ {name}", _PILL_LETTERS)
    kind = "out" if target == OUT else "pill"
    link = target in spots
    if link:
        yield f'<a href="#{_anchor(target)}">'
    yield f'<rect class="{kind}" x="{x:.0f}" y="{y - 10:.0f}" width="{14 + 6.6 * len(words):.0f}" height="20" rx="10"/>'
    yield _text("to", x + 8, y + 4, words)
    if link:
        yield "</a>"


def _is_drawn(spot: Spot, answer: Answer, spots: Mapping[str, Spot]) -> bool:
    target = spots.get(answer.leads_to)
    return target is not None and target.column == spot.column + 1


def _text(kind: str, x: float, y: float, words: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(words)}</text>'


def _short(words: str, letters: int) -> str:
    return words if len(words) <= letters else f"{words[: letters - 1].rstrip()}…"


def _anchor(name: str) -> str:
    return f"s-{escape(name).replace(' ', '-').replace('.', '-')}"


def _arrow_head(hue: int) -> str:
    return (
        f'<marker id="head{hue}" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path class="head hue{hue}" d="M0 0 L8 4 L0 8 z"/></marker>'
    )


_LIGHT = """
.paper{fill:#f6f5f2}.card{fill:#fff;stroke:#d8d5ce}.begin{fill:#eef4fb;stroke:#b9d0ea}.passage{fill:#faf9f6;stroke-dasharray:5 4}
.note{fill:#fdf8ea;stroke:#e6d9ae}.title{fill:#22252b}.words{fill:#4a4e57}.label,.to{fill:#22252b}.guard,.away{fill:#767b86}
.row{fill:#eef1f5}.typed,.wait{fill:#f4f0fa}.flow{fill:#f1efe9}.row.begin{fill:#dfeaf7}.pill{fill:#ece9e1}.out{fill:#e2e6e0}
.hue0{stroke:#3d6fb4}.hue1{stroke:#a3572f}.hue2{stroke:#2f8464}.hue3{stroke:#8a4aa0}.hue4{stroke:#8a7420}.hue5{stroke:#a83f5f}
.head.hue0{fill:#3d6fb4}.head.hue1{fill:#a3572f}.head.hue2{fill:#2f8464}.head.hue3{fill:#8a4aa0}.head.hue4{fill:#8a7420}
.head.hue5{fill:#a83f5f}
"""
_DARK = """
.paper{fill:#17191d}.card{fill:#23262c;stroke:#3a3f48}.begin{fill:#1f2b3a;stroke:#3b5675}.passage{fill:#1d2025}
.note{fill:#2c2819;stroke:#5b5128}.title{fill:#f1f1ef}.words{fill:#c3c6cc}.label,.to{fill:#eceef1}.guard,.away{fill:#9aa0ab}
.row{fill:#2f343c}.typed,.wait{fill:#352f40}.flow{fill:#2b2d31}.row.begin{fill:#2a3b50}.pill{fill:#3a3b3e}.out{fill:#33413a}
.hue0{stroke:#7fb0f0}.hue1{stroke:#e09a70}.hue2{stroke:#70c9a5}.hue3{stroke:#c99ade}.hue4{stroke:#cdb960}.hue5{stroke:#ea8fac}
.head.hue0{fill:#7fb0f0}.head.hue1{fill:#e09a70}.head.hue2{fill:#70c9a5}.head.hue3{fill:#c99ade}.head.hue4{fill:#cdb960}
.head.hue5{fill:#ea8fac}
"""
_STYLE = f"""
text{{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:12px}}
.title{{font-weight:600;font-size:14px}}.label{{font-size:12.5px}}.guard,.to{{font-size:11px}}
.arrow{{fill:none;stroke-width:1.6;opacity:.85}}.head{{stroke:none}}{_LIGHT}
@media (prefers-color-scheme:dark){{{_DARK}}}
"""
