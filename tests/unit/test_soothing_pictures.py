"""The breathing pictures: they loop without a jump, are small enough, and come out of the drawing program as they are kept."""

import importlib.util
import sys
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image, ImageChops, ImageStat

MEDIA = Path(__file__).parents[2] / "dialogs/media"
NAMES = ("breathe_sigh", "breathe_slow")


@cache
def draw() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw", MEDIA / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["draw"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def frames(name: str) -> tuple[Image.Image, ...]:
    with Image.open(MEDIA / f"{name}.gif") as gif:
        shown = []
        for n in range(gif.n_frames):  # type: ignore[attr-defined]  # a GIF has frames
            gif.seek(n)
            shown.append(gif.convert("RGB"))
        return tuple(shown)


def change(one: Image.Image, other: Image.Image) -> float:
    """How much two pictures differ: the mean difference of a pixel, 0–255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_small_smooth_and_goes_on_for_ever(name: str) -> None:
    path = MEDIA / f"{name}.gif"
    assert path.stat().st_size <= 500 * 1000
    with Image.open(path) as gif:
        assert gif.info["loop"] == 0
        assert 1000 / gif.info["duration"] >= 12
        assert gif.size == (320, 320)


@pytest.mark.parametrize("name", NAMES)
def test_the_last_frame_leads_to_the_first_as_softly_as_any_to_the_next(name: str) -> None:
    shown = frames(name)
    steps = [change(one, other) for one, other in pairwise(shown)]
    assert change(shown[-1], shown[0]) <= max(steps)
    assert max(steps) < 4  # no jump anywhere


@pytest.mark.parametrize("name", NAMES)
def test_a_breath_out_is_longer_than_the_breath_in(name: str) -> None:
    [breath] = [breath for breath in draw().BREATHS if breath.name == name]
    inward = [phase.seconds for phase in breath.phases if phase.fullness > 0]
    outward = [phase.seconds for phase in breath.phases if phase.fullness == 0]
    assert sum(outward) > sum(inward)
    assert breath.seconds == 10


def test_nothing_is_held() -> None:
    for breath in draw().BREATHS:
        levels = [draw().fullness(breath, n / 2) for n in range(20)]
        assert all(abs(one - other) > 0.001 for one, other in pairwise(levels))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_what_the_program_draws(name: str) -> None:
    [breath] = [breath for breath in draw().BREATHS if breath.name == name]
    assert len(frames(name)) == breath.frames
    for n in range(0, breath.frames, 23):
        drawn = Image.open(BytesIO(draw().frame_png(breath, n))).convert("RGB")
        assert change(frames(name)[n], drawn) < 1  # only the colours of soft edges are rounded


@pytest.mark.deep
def test_drawing_again_gives_the_same_picture() -> None:
    [breath] = [breath for breath in draw().BREATHS if breath.name == "breathe_slow"]
    with Image.open(BytesIO(draw().draw(breath))) as gif:
        assert gif.n_frames == len(frames("breathe_slow"))  # type: ignore[attr-defined]  # a GIF has frames
        assert gif.info["duration"] == 50
        assert gif.info["loop"] == 0
