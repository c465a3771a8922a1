"""The settings for who may use the bot, and for what its page says: read as written, or refused in one line."""

from pathlib import Path

import pytest

from bot import config
from bot.config import Settings
from bot.core.errors import SettingError
from bot.telegram.publish import profiles
from tests.carried import library


def listed(wish: str) -> Settings:
    return Settings(_env_file=None, access="list", access_list=wish)


@pytest.mark.parametrize("wish", ["7", "7,8", " 7, 8\n9 "])
def test_ids_can_stand_in_the_setting(wish: str) -> None:
    assert 7 in listed(wish).listed()
    assert listed("7, 8").listed() == {7, 8}


def test_a_file_can_grow_while_the_bot_runs(tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text("# who may\n7  # Ann\n\n8,9\n")
    settings = listed(str(path))
    assert settings.listed() == {7, 8, 9}
    path.write_text("7\n10\n")
    assert settings.listed() == {7, 10}


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("", "is needed with STILLHERE_ACCESS=list"),
        ("nowhere.txt", "neither ids nor a file"),
        ("names.txt", "whole numbers"),
    ],
)
def test_a_list_that_is_none_is_refused_without_quoting_it(
    wish: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("Ann\n")
    monkeypatch.setenv("STILLHERE_ACCESS", "list")
    monkeypatch.setenv("STILLHERE_ACCESS_LIST", wish)
    with pytest.raises(SettingError) as refused:
        config.read()
    assert str(refused.value).startswith("STILLHERE_ACCESS_LIST: ")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "Ann" not in str(refused.value)


def test_a_neutral_page_has_no_word_about_couples_and_fits_telegram() -> None:
    read = library()
    for profile in profiles(read, "neutral").values():
        page = f"{profile.name} {profile.about} {profile.description} {profile.commands}".casefold()
        assert not [word for word in ("couple", "partner", "love", "relationship", "attach", "both") if word in page]
        assert 0 < len(profile.name) <= 64
        assert 0 < len(profile.about) <= 120
        assert 0 < len(profile.description) <= 512


def test_the_name_is_botfathers_unless_the_host_says_otherwise() -> None:
    read = library()
    assert profiles(read)["en"].name == ""
    assert profiles(read, "full", "Still")["en"].name == "Still"
    assert profiles(read, "neutral", "Still")["en"].name == "Still"
