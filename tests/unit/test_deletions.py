"""Who was erased is known again from the list, by nobody but who asks about a certain person; a broken list stops nobody."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.retention import Retention
from bot.storage.deletions import Deletions, beside

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)


def test_the_list_knows_who_was_erased_after_they_came(tmp_path: Path) -> None:
    path = beside(tmp_path / "keys/stillhere.key")
    Deletions(path).note([7, 8], NOW)
    Deletions(path).note([9], NOW)
    again = Deletions(path)
    assert again.of({7: BEFORE, 9: NOW, 10: BEFORE}) == [7, 9]
    assert again.of({7: NOW + timedelta(seconds=1)}) == []  # they came back since
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.parent.name == "keys"


def test_no_id_stands_in_the_list_and_no_two_lists_look_alike(tmp_path: Path) -> None:
    one, other = Deletions(tmp_path / "one"), Deletions(tmp_path / "other")
    for each in (one, other):
        each.note([7_000_000_001], NOW)
    lines = [each.path.read_text().splitlines() for each in (one, other)]
    assert "7000000001" not in str(lines)
    assert lines[0][1].split()[1] != lines[1][1].split()[1]


def test_what_no_backup_can_need_is_dropped(tmp_path: Path) -> None:
    deletions = Deletions(tmp_path / "list")
    deletions.prune(NOW)
    assert not deletions.path.exists()
    deletions.note([7], BEFORE)
    deletions.note([8], NOW)
    deletions.prune(NOW)
    assert deletions.of({7: BEFORE, 8: BEFORE}) == [8]
    assert stat.S_IMODE(deletions.path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["list"]


def test_a_list_that_cannot_be_written_keeps_nobody_from_being_erased(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    deletions = Deletions(tmp_path / "keys" / "list")
    deletions.note([7], NOW)
    assert deletions.of({7: BEFORE}) == []


def test_another_file_in_its_place_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("Dear diary\n")
    deletions = Deletions(path)
    deletions.note([7], NOW)
    deletions.prune(NOW)
    assert path.read_text() == "Dear diary\n"
    assert "cannot be read" in deletions.check()
    with pytest.raises(ValueError, match="fromhex"):
        deletions.of({7: BEFORE})
    assert Deletions(tmp_path / "none").check() == ""


def test_a_host_may_shorten_every_limit_and_lengthen_none() -> None:
    usual = Retention()
    assert Retention.at_most(365) == usual
    assert Retention.at_most(10) == Retention(timedelta(days=7), *[timedelta(days=10)] * 3)
