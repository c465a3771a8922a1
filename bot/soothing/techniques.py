"""Which calming tools fit a rating, a role, and what has helped this person before: the whole rule, at a glance."""

from collections.abc import Collection, Mapping

from bot.core.facts import Drop

# The tools, by their number in the evidence behind the bot:
#   body    t1 the long breath (cyclic sigh) · t2 slow breathing, in 4 and out 6 · t6 feet and hands
#   words   t8 name the feeling · t9 a kind word to oneself · t14 someone safe
TECHNIQUES = ("t1", "t2", "t6", "t8", "t9", "t14")

BREATHING = frozenset({"t1", "t2"})
"""Not offered again in a sitting in which breathing made someone dizzy."""

STRONG, MIDDLE = 8, 5
"""Ratings (0–10) from which on: only the body, for a hot mind can't reason; the body first, words after it."""

SHOWN = 3
"""How many tools are suggested at once. The others come with "Something else"."""

OWN_FROM = 3
"""After this many runs rated before and after, so from the fourth on, a person's own numbers decide the order."""

BODY = {"reach": ("t1", "t2", "t6"), "space": ("t6", "t2", "t1")}
WORDS = {"reach": ("t14", "t8", "t9"), "space": ("t8", "t9", "t14")}
"""
The order for each role: a product choice, no finding. Who reaches fears being alone with it: the quickest breath, and the
picture of someone safe, which answers that fear. Who steps back is full already: feet and hands ask for nothing inside, slow
breathing has no effort in it, and one plain word for the feeling comes before anything warm or close.
"""

_BODY, _WORDS = ("t1", "t2", "t6"), ("t8", "t9", "t14")


def fitting(rating: int, role: str) -> tuple[str, ...]:
    """
    The tools that fit `rating` (0–10), the best first, for someone who has no numbers of their own yet.

    8–10: the body alone. 5–7: two for the body, one with words, then the rest. 0–4: words, then the body.
    """
    body, words = BODY.get(role, _BODY), WORDS.get(role, _WORDS)
    if rating >= STRONG:
        return body
    if rating >= MIDDLE:
        return (*body[:2], words[0], body[2], *words[1:])
    return (*words, *body)


def ranked(rating: int, role: str, drops: Mapping[str, Drop]) -> tuple[str, ...]:
    """
    `fitting`, and from the fourth rated run on by how much each has helped this person.

    What helped most comes first, then what is untried, in its usual order, and last what made it worse. No number of one's own
    brings back a tool that the rating leaves out.
    """
    order = fitting(rating, role)
    if not knows_own(drops):
        return order
    return tuple(sorted(order, key=lambda technique: -drops[technique].mean if technique in drops else 0.0))


def suggested(
    rating: int, role: str, drops: Mapping[str, Drop], *, tried: Collection[str] = (), breathing: bool = True
) -> tuple[str, ...]:
    """`ranked` for this moment of a sitting: no breathing for whom it made dizzy, and what was just tried comes last."""
    order = [technique for technique in ranked(rating, role, drops) if breathing or technique not in BREATHING]
    return tuple(sorted(order, key=lambda technique: technique in tried))


def page(order: tuple[str, ...], *, others: bool) -> tuple[str, ...]:
    """The tools to show: the first three, or, after "Something else", the others."""
    return order[SHOWN:] if others else order[:SHOWN]


def favourite(order: tuple[str, ...], drops: Mapping[str, Drop]) -> str:
    """The first tool of `order` if it is there because it has helped, else nothing."""
    first = order[0] if order else ""
    return first if knows_own(drops) and first in drops and drops[first].mean > 0 else ""


def knows_own(drops: Mapping[str, Drop]) -> bool:
    """Whether there are enough rated runs to go by."""
    return sum(drop.runs for drop in drops.values()) >= OWN_FROM
