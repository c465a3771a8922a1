"""What `/soothe` and `/reach` promise, whatever their words are."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from bot.core.effects import Effect, Phrase, Record, Say, SetTimer
from bot.core.events import CommandGiven, Elapsed, Event, Pressed, Wrote
from bot.core.facts import Drop, Facts, User
from bot.dialog.engine import decide
from bot.dialog.session import Session
from bot.safety import policy
from tests.carried import library

DIALOGS = Path(__file__).parents[2] / "dialogs"
EVENING = datetime(2026, 3, 2, 18, tzinfo=UTC)


def words(prefix: str) -> list[str]:
    return [key for key in library().source.words["en"] if key.startswith(f"{prefix}.")]


class Chat:
    """One person and the pure engine. Entries count at once, as they do between two real turns."""

    def __init__(
        self,
        role: str = "",
        consent: int = 1,
        counts: Mapping[str, int] | None = None,
        drops: Mapping[str, Drop] | None = None,
    ) -> None:
        self.user = User(1, 1, role=role, consent=consent, seed=3)
        self.now = EVENING
        self.session = Session()
        self.counts = dict(counts or {})
        self.drops = dict(drops or {})
        self.entries: list[Record] = []
        self.effects: tuple[Effect, ...] = ()
        self.said = Say(())

    def hear(self, event: Event) -> None:
        outcome = decide(
            library(), self.session, event, Facts(self.now, self.user, counts=self.counts, drops=self.drops)
        )
        self.session, self.effects = outcome.session, outcome.effects
        for effect in outcome.effects:
            if isinstance(effect, Say):
                self.said = effect
            if isinstance(effect, Record):
                self.entries.append(effect)
                self.counts[effect.kind] = self.counts.get(effect.kind, 0) + 1

    def command(self, command: str) -> "Chat":
        self.hear(CommandGiven(command))
        return self

    def press(self, *labels: str) -> "Chat":
        """Press buttons one after the other: `7` on a scale, or the key of a label; `*` stands for the state it is in."""
        for label in labels:
            keys = {f"={label}", label.replace("*", f"soothe.{self.state}")}
            [data] = [b.data for row in self.said.rows for b in row if b.label.key in keys and b.data]
            self.hear(Pressed(data))
        return self

    def write(self, text: str) -> "Chat":
        self.hear(Wrote(text))
        return self

    @property
    def state(self) -> str:
        return self.session.frame.state

    @property
    def labels(self) -> list[str]:
        return [button.label.key for row in self.said.rows for button in row]

    @property
    def keys(self) -> list[str]:
        return [part.key for part in self.said.parts]

    @property
    def text(self) -> str:
        return "\n".join(library().catalog.render_plain(part, "en", "", 3, EVENING) for part in self.said.parts)


FEET = ("soothe.technique.t6", "*.next", "*.next", "*.next", "*.done")


def test_an_exercise_is_kept_with_both_ratings_and_the_change_is_shown() -> None:
    chat = Chat().command("soothe").press("7", "soothe.technique.t1", "*.done", "4")
    assert chat.entries == [Record("soothe", before=7, after=4, technique="t1")]
    assert "7 → 4" in chat.text


def test_a_skipped_second_rating_is_not_made_up() -> None:
    chat = Chat().command("calm").press("7", "soothe.technique.t1", "*.done", "common.skip")
    assert chat.entries == [Record("soothe", before=7, after=None, technique="t1")]


def test_where_one_run_ended_the_next_begins() -> None:
    chat = Chat().command("soothe").press("9", *FEET, "6", "*.another", "soothe.technique.t1", "*.done", "5")
    assert [(entry.before, entry.after) for entry in chat.entries] == [(9, 6), (6, 5)]


def test_from_eight_on_there_is_nothing_else_to_turn_to() -> None:
    chat = Chat("reach").command("soothe").press("8")
    assert chat.labels == [*(f"soothe.technique.{name}" for name in ("t1", "t2", "t6")), "common.cancel"]
    assert "soothe.choose.strong" in chat.keys


def test_something_else_shows_the_other_three() -> None:
    chat = Chat().command("soothe").press("5")
    first = set(chat.labels)
    chat.press("*.other")
    assert not {label for label in first & set(chat.labels) if label.startswith("soothe.technique")}
    chat.press("*.other")
    assert set(chat.labels) == first


def test_what_helped_most_is_first_and_named() -> None:
    chat = Chat(drops={"t14": Drop(4, 2.5)}).command("soothe").press("6")
    assert chat.labels[0] == "soothe.technique.t14"
    assert "someone safe" in chat.text


@pytest.mark.parametrize(("name", "picture"), [("t1", "breathe_sigh.gif"), ("t2", "breathe_slow.gif")])
def test_breathing_is_a_picture_with_plain_words_and_a_way_out_under_it(name: str, picture: str) -> None:
    chat = Chat().command("soothe").press("9", f"soothe.technique.{name}")
    assert chat.said.media == picture
    chat.press("*.words")
    assert not chat.said.media
    assert "1 · 2" in chat.text
    chat.press("*.dizzy")
    assert chat.state == "dizzy"
    assert "doctor" in chat.text
    assert chat.entries == [Record("soothe", before=9, after=None, technique=name)]


def test_whom_breathing_made_dizzy_is_offered_none_again_in_this_sitting() -> None:
    chat = Chat().command("soothe").press("9", "soothe.technique.t2", "*.dizzy", "soothe.dizzy.feet")
    chat.press("*.next", "*.next", "*.next", "*.done", "6", "*.another")
    assert not {"soothe.technique.t1", "soothe.technique.t2"} & set(chat.labels)


def test_the_minute_is_told_and_nobody_is_hurried() -> None:
    chat = Chat().command("soothe").press("9", "soothe.technique.t1")
    [wait] = [effect for effect in chat.effects if isinstance(effect, SetTimer)]
    assert timedelta(minutes=1) <= wait.due_at - EVENING <= timedelta(seconds=90)
    chat.hear(Elapsed("wait", wait.ref, wait.due_at, wait.fence))
    assert chat.labels == ["soothe.sigh_more.enough", "soothe.sigh_more.more", "soothe.sigh_more.dizzy"]
    chat.press("*.more")
    assert chat.said.media == "breathe_sigh.gif"


def test_two_more_than_before_stops_and_offers_people() -> None:
    chat = Chat().command("soothe").press("9", *FEET, "3", "*.another", "soothe.technique.t8")
    chat.press("soothe.family.unknown", "*.said", "5")
    assert chat.state == "worse"
    assert "common.help" in chat.labels
    assert not [label for label in chat.labels if "another" in label]


def test_still_eight_after_two_stops_but_after_one_does_not() -> None:
    chat = Chat().command("soothe").press("10", *FEET, "9")
    assert chat.state == "next"
    chat.press("*.another", "soothe.technique.t1", "*.done", "8")
    assert chat.state == "high"
    assert "common.help" in chat.labels


def test_the_seventh_run_of_a_day_meets_a_person_first_and_one_tap_goes_on() -> None:
    chat = Chat(counts={"soothe": 6}).command("soothe")
    assert chat.state == "often"
    chat.press("*.on")
    assert chat.state == "rate"
    chat.press("7", "soothe.technique.t1", "*.done", "6", "*.another")
    assert chat.state == "choose"  # offered once a sitting, not again and again


def test_the_seventh_run_is_seen_coming_within_a_sitting_too() -> None:
    chat = Chat(counts={"soothe": 5}).command("soothe").press("7", "soothe.technique.t1", "*.done", "6", "*.another")
    assert chat.state == "often"


def test_the_body_tool_offered_instead_needs_no_first_number() -> None:
    chat = Chat(counts={"soothe": 6}).command("soothe").press("*.feet", *FEET[1:], "5")
    assert chat.entries == [Record("soothe", before=None, after=5, technique="t6")]
    assert chat.state == "next"


def test_every_feeling_makes_a_sentence() -> None:
    families = [key.rpartition(".")[2] for key in words("banks.feelings.family")]
    feelings = [key for family in families for key in words(f"banks.feelings.{family}")]
    assert len(families) == 6
    assert len(feelings) == len(set(feelings)) == 30
    for key in feelings:
        family, name = key.split(".")[-2:]
        chat = Chat().command("soothe").press("3", "soothe.technique.t8", f"banks.feelings.family.{family}", key, "7")
        assert f"Right now I feel {name}." in chat.text


def test_hopeless_and_nearly_as_big_as_can_be_is_asked_about() -> None:
    way = ("4", "soothe.technique.t8", "banks.feelings.family.sad", "banks.feelings.sad.hopeless")
    assert Chat().command("soothe").press(*way, "8").state == "sentence"
    chat = Chat().command("soothe").press(*way, "9")
    assert chat.state == "heavy"
    chat.press("*.living")
    assert (chat.session.frame.dialog, chat.state) == ("crisis", "ask")


@pytest.mark.parametrize("consent", [0, 1])
def test_a_line_of_ones_own_is_kept_only_after_consent(consent: int) -> None:
    chat = Chat(consent=consent).command("soothe").press("4", "soothe.technique.t9", "*.said", "*.next")
    chat.write("One thing at a time, dear.")
    kept = repr(chat.session)
    chat.press("*.said", "4")
    assert [entry.text for entry in chat.entries] == ["One thing at a time, dear."] * consent or not consent
    assert ("dear" in kept) is bool(consent)


def test_a_picked_line_is_no_text_of_the_persons() -> None:
    chat = (
        Chat().command("soothe").press("4", "soothe.technique.t9", "*.fake", "soothe.friend_line.rush", "*.said", "3")
    )
    assert chat.entries == [Record("soothe", before=4, after=3, technique="t9")]


@pytest.mark.parametrize("kind", ["person", "pet", "place", "figure", "helper"])
def test_someone_safe_may_be_an_animal_a_place_or_made_up(kind: str) -> None:
    chat = (
        Chat("reach")
        .command("soothe")
        .press("4", "soothe.technique.t14", f"soothe.safe_kind.{kind}", "*.next", "*.next")
    )
    chat.write("You are allowed to rest.").press("2")
    assert chat.entries == [Record("soothe", before=4, after=2, technique="t14", text="You are allowed to rest.")]


TOGETHER = ("banks.needs.close.time", "reach.size.m20", "reach.time.tonight")


def test_the_founding_words_come_out_of_the_picks() -> None:
    chat = Chat().command("reach").press("4", *TOGETHER, "reach.test.question")
    assert "I feel disconnected. Can we spend some time together tonight, maybe 20 minutes?" in chat.text
    [copied] = [b.copy for row in chat.said.rows for b in row if b.copy]
    assert library().catalog.render_plain(copied, "en", "", 3, EVENING).startswith("I feel disconnected.")


def test_a_test_is_named_kindly_and_turned_into_an_ask() -> None:
    chat = Chat().command("reach").press("4", *TOGETHER, "reach.test.test")
    assert chat.keys[0] == "reach.straight.line"
    assert chat.state == "preview"


def test_every_need_time_and_size_make_a_sentence_that_fits_the_clipboard() -> None:
    needs = [key.rpartition(".")[2] for group in ("close", "room") for key in words(f"banks.needs.{group}")]
    assert len(needs) == len(set(needs)) == len(words("banks.needs.line")) == 18
    for need, when, size in product(needs, words("banks.needs.when"), words("banks.needs.size")):
        line = library().catalog.render_plain(
            Phrase(f"banks.needs.line.{need}", {"when": Phrase(when), "size": Phrase(size)}), "en", ""
        )
        assert len(line) <= 256
        assert line.count("?") == 1
        assert not set("{}_*") & set(line)
        assert not {"  ", ",,", " ,", " ?"} & {line[n : n + 2] for n in range(len(line))}
        assert "you always" not in line.lower()


def test_a_strong_number_offers_to_settle_first_and_comes_back() -> None:
    chat = Chat().command("reach").press("8")
    assert chat.state == "hot"
    chat.press("common.calm", "8", "soothe.technique.t1", "soothe.sigh.done", "5", "common.done")
    assert (chat.session.frame.dialog, chat.state) == ("reach", "hot")
    assert "reach.hot.again" in chat.keys
    assert chat.press("reach.hot.on").state == "need"


def test_one_part_can_be_changed_without_the_others() -> None:
    chat = Chat().command("reach").press("4", *TOGETHER, "reach.test.question", "reach.preview.change")
    chat.press("reach.change.time", "reach.time.week")
    assert "together this week, maybe 20 minutes?" in chat.text


def test_own_words_replace_the_sentence_and_too_many_are_sent_back() -> None:
    chat = Chat().command("reach").press("4", "reach.need.own").write("x" * 257)
    assert chat.keys[0] == "reach.own.long"
    chat.write("I miss you. Tea?").press("reach.test.question")
    assert "I miss you. Tea?" in chat.text
    chat.press("reach.preview.ready", "reach.care.move")
    assert chat.entries == [Record("reach", before=4, text="I miss you. Tea?")]


def test_own_words_before_consent_stay_out_of_the_session() -> None:
    chat = Chat(consent=0).command("reach").press("4", "reach.need.own").write("I miss you. Tea?")
    assert "Tea" not in repr(chat.session)
    assert chat.press("reach.own_unkept.ready").state == "no_today"


def test_words_made_of_picks_are_not_kept_as_text() -> None:
    chat = Chat().command("reach").press("4", *TOGETHER, "reach.test.question", "reach.preview.ready", "common.skip")
    assert chat.entries == [Record("reach", before=4)]


def test_the_eleventh_ask_of_a_day_meets_a_person_first() -> None:
    chat = Chat(consent=0)
    for _ in range(policy.REASSURED_OFTEN):
        assert chat.command("reach").state == "rate"
    assert chat.command("reach").state == "often"
    assert chat.labels == ["reach.often.friend", "common.calm", "reach.often.on"]
    assert chat.press("reach.often.on").state == "rate"


def test_the_count_begins_anew_at_local_midnight() -> None:
    chat = Chat()
    for _ in range(policy.REASSURED_OFTEN):
        chat.command("reach")
    chat.now += timedelta(days=1)
    assert chat.command("reach").state == "rate"


@pytest.mark.parametrize(
    ("words", "state"), [("stop", ""), ("I feel dizzy", "dizzy"), ("I'm drunk", "drink"), ("what?", "feet")]
)
def test_what_is_written_at_any_step_is_heard_there(words: str, state: str) -> None:
    chat = Chat().command("soothe").press("9", "soothe.technique.t6").write(words)
    assert chat.state == state


def test_a_word_for_the_feeling_is_no_place_to_miss_that_the_body_stops() -> None:
    chat = Chat().command("soothe").press("3", "soothe.technique.t9", "*.said", "*.next")
    assert chat.state == "kind"
    assert chat.write("I feel so dizzy").state == "dizzy"
    assert not chat.entries
