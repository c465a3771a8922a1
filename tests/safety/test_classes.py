"""Words that count alike: read from a file people edit, added to by a host, and none of them in vain."""

from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import ScriptError
from bot.dialogs import CARRIED, fault_of_lexicons
from bot.safety import classes
from bot.safety.lexicon import load
from tests.safety.test_detector import lexicon, listener

FILE = CARRIED / "lexicon" / "en.classes.toml"


def read(*texts: str) -> classes.Classes:
    return classes.read([(f"x{number}", text) for number, text in enumerate(texts, 1)])


def test_a_word_is_found_in_its_classes_whatever_its_ending() -> None:
    found = read('stab = "stab pierce"\nhit = "hit punch"\nbody = "belly"\ntool = "knife stab"')
    assert found.of("punch") == found.of("punches") == found.of("punched") == found.of("punching") == ("@hit",)
    assert found.of("stab") == found.of("stabbed") == found.of("stabbing") == ("@stab", "@tool")
    assert found.of("pierced") == found.of("piercing") == ("@stab",)
    assert found.of("bellies") == ("@body",)
    assert found.of("is") == found.of("hi") == found.of("punchline") == found.of("soup") == found.of(",") == ()


def test_its_own_classes_come_before_those_of_the_word_it_is_a_form_of() -> None:
    found = read('drinks = "drinks"\ndrink = "drink"')
    assert found.of("drinks") == ("@drinks",)
    assert found.of("drinking") == ("@drink",)


def test_a_later_file_adds_words_and_takes_none_away() -> None:
    found = read('weapon = "knife"', 'weapon = "knife sabre"\ntime = "tonight"')
    assert found.of("knife") == found.of("sabre") == ("@weapon",)
    assert found.of("tonight") == ("@time",)


def test_a_hosts_own_words_are_heard_like_the_carried_ones(tmp_path: Path) -> None:
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon" / "en.classes.toml").write_text('weapon = "kukri"', "utf-8")
    [carried], [changed] = load([CARRIED]), load([CARRIED, tmp_path])
    assert carried.classes.of("kukri") == ()
    assert changed.classes.of("kukri") == ("@weapon",)
    assert changed.classes.of("knife") == carried.classes.of("knife")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("weapon = ", "x1: this is not TOML: "),
        ('a = "b"\nWeapon = "knife"', 'x1:2: "Weapon": a class has a name of small letters, with hyphens.'),
        ('a = "b"\nweapon = 3', 'x1:2: "weapon": words in quotes belong here.'),
        ('[weapon]\na = "b"', 'x1:1: "weapon": words in quotes belong here.'),
        ('weapon = " "', 'x1:1: "weapon": words in quotes belong here.'),
        (
            '# knife!\nweapon = """\nknife\nflick-knife gun"""',
            'x1:4: "flick-knife": a word of a class has only small letters and digits.',
        ),
        ('weapon = "Knife"', 'x1:1: "Knife": a word of a class has only small letters and digits.'),
        ('tool = "knife"\nweapon = """\nknife\ngun\nknife"""', 'x1:5: "knife" stands twice in "weapon".'),
    ],
)
def test_a_fault_is_told_by_file_and_line(text: str, fault: str) -> None:
    with pytest.raises(ScriptError) as told:
        read(text)
    assert str(told.value).startswith(fault)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60) | st.text(max_size=40).map(lambda words: f'weapon = """{words}"""'))
def test_any_file_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        read(text)
    except ScriptError as fault:
        assert str(fault).startswith("x1:")  # noqa: PT017 - either way is right


def test_lint_tells_what_is_wrong_with_classes(tmp_path: Path) -> None:
    (tmp_path / "lexicon").mkdir()
    file = tmp_path / "lexicon" / "en.classes.toml"
    file.write_text('weapon = """\nknife\nGUN\n"""', "utf-8")
    place = f"{tmp_path.name}/lexicon/en.classes.toml"
    assert fault_of_lexicons(tmp_path) == f'{place}:3: "GUN": a word of a class has only small letters and digits.'
    file.rename(file.with_name("xx.classes.toml"))
    assert fault_of_lexicons(tmp_path).endswith("are heard only beside the patterns of xx.toml, which is missing.")


def test_no_carried_word_stands_in_vain() -> None:
    """A word that is read as another one would never be heard."""
    reader = listener().reader(lambda _: True)
    words = {word for word in lexicon().classes.words if len(word) > 1}
    assert not [word for word in sorted(words) if list(chain(*reader.sentences(word))) != [word]]


def test_the_classes_are_many_and_each_has_several_words() -> None:
    named = dict(read(FILE.read_text("utf-8")).words)
    names = {name for each in named.values() for name in each}
    assert 60 <= len(names) <= 120
    assert all(sum(name in each for each in named.values()) >= 7 for name in names)
