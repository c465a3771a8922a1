"""An edit finds the message that it changes, or says its words anew."""

from dataclasses import replace

import orjson
import pytest

from bot.storage.messages import QUIET, Claimed, Draft, Status, outcome
from tests.clock import AdvancingClock
from tests.post import PROMISE, Post, draft, edit, sent


def words(row: Claimed) -> tuple[str, str, int]:
    body = orjson.loads(row.body)
    return row.method, body["text"], body.get("message_id", 0)


async def test_an_edit_finds_its_message(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.settle(sent(row, 77))
    (changed,) = await post.add(edit(16, target=8), claim_for=post.owner("b"))
    assert words(changed) == ("editMessageText", "edited", 77)


async def test_an_edit_of_an_unsent_message_changes_its_words(post: Post[AdvancingClock]) -> None:
    await post.add(draft(8))
    assert await post.add(edit(16, target=8), claim_for=post.owner("a")) == []
    assert [words(row) for row in (await post.claim("b")).messages] == [("sendMessage", "edited", 0)]


async def test_an_edit_and_its_message_in_one_batch_become_one_message(post: Post[AdvancingClock]) -> None:
    claimed = await post.add(draft(8), edit(16, target=8), claim_for=post.owner("a"))
    assert [words(row) for row in claimed] == [("sendMessage", "edited", 0)]


async def test_an_edit_waits_for_a_message_that_is_being_sent(post: Post[AdvancingClock]) -> None:
    (row,) = await post.add(draft(8, priority=PROMISE), claim_for=post.owner("a"))
    assert await post.add(edit(16, target=8), claim_for=post.owner("b")) == []
    await post.settle(outcome(row, Status.PENDING))
    (again,) = (await post.claim("c")).messages
    assert again.id == 8
    await post.settle(sent(again, 77))
    assert [words(row) for row in (await post.claim("d")).messages] == [("editMessageText", "edited", 77)]


@pytest.mark.parametrize("target", [8, 999])
async def test_an_edit_of_a_lost_message_is_said_anew(post: Post[AdvancingClock], target: int) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.settle(outcome(row, Status.DEAD))
    (changed,) = await post.add(edit(16, target=target), claim_for=post.owner("b"))
    assert words(changed) == ("sendMessage", "edited", 0)


@pytest.mark.parametrize("target", [8, 999])
async def test_what_only_hides_is_left_out_where_there_is_nothing_to_hide(
    post: Post[AdvancingClock], target: int
) -> None:
    (row,) = await post.add(draft(8), claim_for=post.owner("a"))
    await post.settle(outcome(row, Status.DEAD))
    assert await post.add(hiding(16, target=target), claim_for=post.owner("b")) == []
    assert (await post.claim("c")).messages == []


async def test_what_hides_an_edit_that_is_not_sent_yet_comes_after_it(post: Post[AdvancingClock]) -> None:
    await post.add(edit(8, message_id=77, text="words"))
    await post.add(hiding(16, target=8))
    (first,) = (await post.claim("a")).messages
    assert words(first) == ("editMessageText", "words", 77)
    await post.settle(sent(first, 77))
    assert [words(row) for row in (await post.claim("b")).messages] == [("editMessageText", "edited", 77)]


def hiding(number: int, target: int) -> Draft:
    return replace(edit(number, target=target), if_unknown=QUIET)
