# ruff: noqa: INP001, T201 - a small program beside the pictures it draws
"""Draw the breathing pictures: our own SVG, one frame at a time, put together as a GIF that loops without a seam (`make media`)."""

import math
import sys
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import resvg_py
from PIL import Image

SIDE = 320
"""Width and height, pixels."""

FRAME = 5
"""How long one frame shows, in hundredths of a second (GIF counts in these): 20 frames a second."""

GROUND, DISC, HALO, FAINT, INWARD, OUTWARD, DOT = (
    "#2c5663",
    "#b5dcd6",
    "#5e8f97",
    "#44707b",
    "#f2d3a5",
    "#8fbfc2",
    "#fffaf0",
)
"""An opaque middle ground, so that the picture reads on a light and on a dark phone; warm is in, cool is out."""

COLOURS = 48
"""Enough for flat colours and their soft edges; more only makes the file larger."""

SMALLEST, LARGEST, RING = 34.0, 104.0, 140.0
"""Radii, pixels: the disc after breathing out and after breathing in, and the ring that shows how far a breath has come."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a breath: the disc goes to `fullness` (0–1) within `seconds`."""

    seconds: float
    fullness: float


@dataclass(frozen=True, slots=True)
class Breath:
    """One whole breath. It ends as empty as it begins, so it can be seen again and again without a jump."""

    name: str
    phases: tuple[Phase, ...]

    @property
    def seconds(self) -> float:
        """How long one breath takes."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def frames(self) -> int:
        """How many frames one breath has."""
        return round(self.seconds * 100 / FRAME)


BREATHS = (
    # T1 of the evidence page, the cyclic sigh: in, one sip more, and a long way out.
    Breath("breathe_sigh", (Phase(2.5, 0.72), Phase(1.3, 1.0), Phase(6.2, 0.0))),
    # T2, about six breaths a minute: in for 4, out for 6. Nothing is held.
    Breath("breathe_slow", (Phase(4.0, 1.0), Phase(6.0, 0.0))),
)


def draw(breath: Breath) -> bytes:
    """The GIF of `breath`, for ever repeated. Same input, same picture."""
    frames = [Image.open(BytesIO(frame_png(breath, n))).convert("RGB") for n in range(breath.frames)]
    palette = _palette(frames)
    flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    gif = BytesIO()
    # One table of colours for all frames, and of each frame only what changed: without these the file is half as large again.
    whole: dict[str, Any] = {"palette": palette.getpalette(), "optimize": True}
    flat[0].save(gif, "GIF", save_all=True, append_images=flat[1:], duration=FRAME * 10, loop=0, **whole)
    return gif.getvalue()


def frame_png(breath: Breath, n: int) -> bytes:
    """The `n`th frame as it is before colours are counted."""
    return resvg_py.svg_to_bytes(svg_string=frame_svg(breath, n * FRAME / 100))


def frame_svg(breath: Breath, at: float) -> str:
    """The picture `at` seconds into the breath."""
    radius = SMALLEST + (LARGEST - SMALLEST) * fullness(breath, at)
    middle = SIDE / 2
    turn = at / breath.seconds
    dot = _on_ring(turn)
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}">',
            f'<rect width="{SIDE}" height="{SIDE}" fill="{GROUND}"/>',
            f'<circle cx="{middle}" cy="{middle}" r="{LARGEST + 12}" fill="{FAINT}"/>',
            f'<circle cx="{middle}" cy="{middle}" r="{radius + 12:.2f}" fill="{HALO}"/>',
            f'<circle cx="{middle}" cy="{middle}" r="{radius:.2f}" fill="{DISC}"/>',
            *_arcs(breath),
            f'<circle cx="{dot[0]:.2f}" cy="{dot[1]:.2f}" r="9" fill="{DOT}"/>',
            "</svg>",
        )
    )


def fullness(breath: Breath, at: float) -> float:
    """How full the lungs are, 0–1, `at` seconds in: half a cosine in each phase, so each begins and ends at rest."""
    level = breath.phases[-1].fullness
    for phase in breath.phases:
        if at < phase.seconds:
            return level + (phase.fullness - level) * (1 - math.cos(math.pi * at / phase.seconds)) / 2
        at -= phase.seconds
        level = phase.fullness
    return level


def _arcs(breath: Breath) -> list[str]:
    """The ring: an arc for each phase, as long as the phase takes, with a gap between."""
    gap = 0.012
    ends = [0.0]
    for phase in breath.phases:
        ends.append(ends[-1] + phase.seconds / breath.seconds)
    levels = (breath.phases[-1].fullness, *(phase.fullness for phase in breath.phases))
    arcs = []
    for (start, end), (low, high) in zip(pairwise(ends), pairwise(levels), strict=True):
        (x1, y1), (x2, y2) = _on_ring(start + gap), _on_ring(end - gap)
        arcs.append(
            f'<path d="M{x1:.2f} {y1:.2f}A{RING} {RING} 0 {int(end - start > 0.5)} 1 {x2:.2f} {y2:.2f}" fill="none"'  # noqa: PLR2004
            f' stroke="{INWARD if high > low else OUTWARD}" stroke-width="5" stroke-linecap="round"/>'
        )
    return arcs


def _on_ring(turn: float) -> tuple[float, float]:
    """The point on the ring after `turn` of the way round (0–1), from the top, clockwise."""
    angle = 2 * math.pi * turn
    return SIDE / 2 + RING * math.sin(angle), SIDE / 2 - RING * math.cos(angle)


def _palette(frames: list[Image.Image]) -> Image.Image:
    """One palette for all frames: what is still stays one colour, and the file stays small."""
    step = max(1, len(frames) // 8)
    sheet = Image.new("RGB", (SIDE, SIDE * len(frames[::step])))
    for n, frame in enumerate(frames[::step]):
        sheet.paste(frame, (0, n * SIDE))
    return sheet.quantize(colors=COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def main(folder: Path) -> None:
    """Draw every picture into `folder`."""
    for breath in BREATHS:
        gif = draw(breath)
        (folder / f"{breath.name}.gif").write_bytes(gif)
        print(f"{breath.name}.gif: {breath.frames} frames, {breath.seconds:g} s, {len(gif) // 1024} KB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
