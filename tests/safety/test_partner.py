"""Nothing reaches a partner but through the policy, and the policy lets nothing through that could harm."""

import ast
import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bot
from bot.core.events import Verdict
from bot.core.facts import User
from bot.core.partner import Cleared, Outbound
from bot.corner import vocabulary as corner
from bot.safety import partner, policy
from bot.safety.partner import Withheld, clear
from bot.storage import corners

NOW = datetime(2026, 5, 4, 18, tzinfo=UTC)
ANN, BEN = User(1, 1, consent=1), User(2, 2, consent=1)
TEA = Outbound(1, 2, "opening", "Tea?", NOW)
DROPPED, RETURNED = Withheld(returned=False), Withheld(returned=True)


def detect(text: str) -> Verdict | None:
    for level in ("explicit", "unsure"):
        if level in text:
            return Verdict("harm to someone", level)
    return None


def insulting(text: str) -> bool:
    return "insult" in text


def sent(outbound: Outbound = TEA, sender: User = ANN, receiver: User = BEN) -> Cleared | Withheld:
    return clear(outbound, sender, receiver, NOW, detect, insulting)


def test_plain_words_of_two_who_agreed_go_through_as_they_are() -> None:
    found = sent()
    assert isinstance(found, Cleared)
    assert found.outbound == TEA


@pytest.mark.parametrize("level", ["explicit", "unsure"])
def test_a_flagged_text_goes_back_to_its_writer(level: str) -> None:
    assert sent(replace(TEA, text=f"something {level}")) == RETURNED


def test_an_insult_goes_back_to_its_writer_whoever_would_have_read_it() -> None:
    insult = replace(TEA, text="an insult")
    assert sent(insult) == RETURNED
    assert sent(insult, receiver=replace(BEN, stopped=True)) == RETURNED, (
        "the same, so nothing is told of the other one"
    )


def test_what_was_written_before_danger_was_told_stays_with_its_writer() -> None:
    flagged = replace(ANN, flagged_at=NOW - timedelta(days=2))
    for days, found in ((3, RETURNED), (2, RETURNED)):
        held = replace(TEA, written_at=NOW - timedelta(days=days))
        assert sent(held, sender=flagged) == found
        assert sent(held, sender=flagged, receiver=replace(BEN, stopped=True)) == found
        assert isinstance(sent(held), Cleared)
        assert isinstance(sent(held, receiver=replace(BEN, flagged_at=NOW)), Cleared), (
            "the other one's danger shows in nothing"
        )
    assert isinstance(sent(replace(TEA, written_at=NOW - timedelta(days=1)), sender=flagged), Cleared)


@pytest.mark.parametrize("until", [1, 30])
def test_with_the_couple_tools_off_nothing_goes_out_and_nothing_comes_in_unnoticed(until: int) -> None:
    off = NOW + timedelta(days=until)
    assert sent(sender=replace(ANN, couple_tools_off_until=off)) == RETURNED
    assert sent(receiver=replace(BEN, couple_tools_off_until=off)) == DROPPED


@pytest.mark.parametrize("change", [{"age": "minor"}, {"consent": 0}, {"stopped": True}])
def test_whoever_takes_no_part_gets_nothing_and_the_sender_is_not_told(change: dict[str, object]) -> None:
    assert sent(receiver=replace(BEN, **change)) == DROPPED  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*sorted(policy.NEVER_TOLD), "private.line", "private.anything"])
def test_what_is_nobodys_business_is_dropped(name: str) -> None:
    assert sent(replace(TEA, tells=frozenset({"space", name}))) == DROPPED
    assert not partner.shareable(name)


def test_the_late_line_is_absent_for_thirty_days_after_any_flag() -> None:
    late = Outbound(1, 2, partner.LATE, "Ann said 20:40. It's past that now.", NOW)
    assert isinstance(sent(late), Cleared)
    for days in (0, 29):
        assert sent(late, sender=replace(ANN, flagged_at=NOW - timedelta(days=days))) == DROPPED
    assert isinstance(sent(late, sender=replace(ANN, flagged_at=NOW - timedelta(days=30))), Cleared)


def test_nothing_for_two_is_offered_or_linked_for_thirty_days_after_a_flag() -> None:
    for days, may in ((0, False), (29, False), (30, True)):
        flagged = replace(ANN, flagged_at=NOW - timedelta(days=days))
        assert partner.may_offer(flagged, NOW) is may
        assert partner.may_link(flagged, NOW) is may
    assert not partner.may_link(replace(ANN, age="minor"), NOW)
    assert not partner.may_link(replace(ANN, consent=0), NOW)


def test_offers_come_again_where_the_couple_tools_were_turned_on_since_the_flag() -> None:
    day, flagged = timedelta(days=1), replace(ANN, flagged_at=NOW - timedelta(days=5))
    turned_on = replace(flagged, couple_tools_off_until=NOW - day)
    assert partner.may_offer(turned_on, NOW)
    assert partner.may_offer(replace(flagged, couple_tools_off_until=NOW), NOW)
    assert not partner.may_link(turned_on, NOW), "linking still waits"
    assert not partner.may_offer(replace(turned_on, flagged_at=NOW - day), NOW), "danger was told since, or just then"
    assert not partner.may_offer(replace(flagged, couple_tools_off_until=NOW + day), NOW), "still off"
    for change in ({"age": "minor"}, {"consent": 0}):
        assert not partner.may_offer(replace(turned_on, **change), NOW)


def test_a_message_belongs_to_two_people_and_no_others() -> None:
    for sender, receiver in ((BEN, ANN), (ANN, ANN), (ANN, User(3, 3, consent=1))):
        with pytest.raises(ValueError, match="two people"):
            sent(sender=sender, receiver=receiver)


def test_nobody_else_can_let_something_through() -> None:
    with pytest.raises(TypeError, match="Only"):
        Cleared(TEA, None)
    found = sent()
    assert isinstance(found, Cleared)
    with pytest.raises((TypeError, ValueError)):
        replace(found, outbound=replace(TEA, text="something explicit"))  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        found.outbound = TEA  # type: ignore[misc]
    assert copy.copy(found) == found


def test_only_the_policy_knows_the_pass() -> None:
    for path in Path(bot.__file__).parent.rglob("*.py"):
        named = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        named |= {
            alias.name
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.ImportFrom)
            for alias in n.names
        }
        if "POLICYS_OWN" in named:
            assert path.relative_to(Path(bot.__file__).parent).as_posix() in {"core/partner.py", "safety/partner.py"}


def test_the_private_corner_is_called_the_same_everywhere() -> None:
    assert policy.PRIVATE == corners.KIND
    assert corner.LINE.startswith(policy.PRIVATE)
