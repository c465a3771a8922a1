"""A lexicon that was kept between starts is the one that was read, and never outlives a change of its files."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import ScriptError
from bot.dialogs import CARRIED
from bot.safety import kept, lexicon
from bot.safety.lexicon import Lexicon, Pattern


def plain(read: Lexicon) -> Lexicon:
    """The lexicon without its examples."""

    def bare(patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
        return tuple(replace(each, examples=()) for each in patterns)

    kinds = {kind: {level: bare(those) for level, those in of.items()} for kind, of in read.kinds.items()}
    return replace(read, idioms=bare(read.idioms), kinds=kinds)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "own"
    (own / "lexicon").mkdir(parents=True)
    return own


def test_what_was_kept_is_what_was_read(tmp_path: Path) -> None:
    [read] = lexicon.load([CARRIED])
    fresh = kept.load([CARRIED], ["en-GB"], tmp_path)
    [file] = tmp_path.iterdir()
    before = file.stat().st_mtime_ns
    assert fresh == kept.load([CARRIED], ["en-GB"], tmp_path) == (plain(read),)
    assert file.stat().st_mtime_ns == before, "the second time nothing is made"


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b'{"classes": {}, "locale": "en"}'])
def test_a_broken_file_is_made_again(tmp_path: Path, content: bytes) -> None:
    first = kept.load([CARRIED], [], tmp_path)
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(content)
    assert kept.load([CARRIED], [], tmp_path) == first
    assert file.read_bytes() == whole


def test_every_file_of_a_host_counts(tmp_path: Path, folder: Path) -> None:
    cache = tmp_path / "cache"
    seen = [kept.load([CARRIED, folder], [], cache)]
    (folder / "lexicon/en.toml").write_text('[lists]\nsomewhere = "cellar attic"\n')
    seen.append(kept.load([CARRIED, folder], [], cache))
    (folder / "lexicon/en.classes.toml").write_text('weapon = "gorbletang"\n')
    seen.append(kept.load([CARRIED, folder], [], cache))
    head = (CARRIED / "lexicon/en.cues.tsv").read_text().partition("\ncue\t")[2].partition("\n")[0]
    weights = "\t".join("9" * head.count("\t") + "9")
    (folder / "lexicon/en.cues.tsv").write_text(f"asks from\t9\ncue\t{head}\ngorbletang\t{weights}\n")
    seen.append(kept.load([CARRIED, folder], [], cache))
    assert len({repr(each) for each in seen}) == len(seen)
    shutil.rmtree(cache)
    assert seen[-1] == tuple(map(plain, lexicon.load([CARRIED, folder])))


def test_faults_are_told_and_not_kept(tmp_path: Path, folder: Path) -> None:
    cache = tmp_path / "cache"
    (folder / "lexicon/en.toml").write_text("this is not TOML")
    for _ in range(2):
        with pytest.raises(ScriptError, match=r"own/lexicon/en\.toml"):
            kept.load([CARRIED, folder], [], cache)
    assert not cache.exists()
