"""What is to be said, written in the turn's own commit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, insert, not_, or_, select, update

from bot.core.facts import Shown
from bot.storage import budget, lanes, settlement
from bot.storage.database import Transaction, instant, moment
from bot.storage.lanes import Queued
from bot.storage.messages import QUIET, Claimed, Draft, Outcome, Owner, Status, aimed, as_new, place
from bot.storage.statements import among, found, many
from bot.storage.tables import outbox, unsent
from bot.storage.vault import UserKey

KEPT = timedelta(days=1)
"""How long a message waits to be sent if its draft does not say."""


MOST_SHOWN = 200

_PICTURES = ("sendAnimation", "sendPhoto")
_WORDS = ("sendMessage", "editMessageText")

_RECOVERED = 60 * budget.SECOND


@dataclass(frozen=True, slots=True)
class Said:
    """A message that reached Telegram: for /clear."""

    destination: str
    message_id: int


async def add(
    tx: Transaction,
    drafts: Iterable[tuple[UserKey | None, Draft]],
    now: datetime,
    *,
    claim_for: Owner | None = None,
    outcomes: Sequence[Outcome] = (),
) -> list[Claimed]:
    """
    Write messages, each sealed with its person's key (None: a fixed phrase to someone who is already forgotten).

    Those whose lane is free, while the budget has room, are claimed for `claim_for` and returned: to be sent right after
    the commit. `outcomes` of earlier messages are settled on the way. Raises StatementRefused for an id that is taken. Locks the budget, then lanes; so nothing that locks users may follow in this transaction.
    """
    wanted = list(drafts)
    if not wanted and not outcomes:
        return []
    allowance = claim_for.limits.budget if claim_for and wanted else None
    tat = await budget.lock(tx) if allowance else 0
    machine = await tx.machine()
    destinations = {draft.destination for _, draft in wanted}
    held = await lanes.lock(tx, destinations.union(outcome.destination for outcome in outcomes))
    held |= await lanes.make(tx, destinations - held.keys())
    changed = await settlement.record(tx, outcomes, held, machine)
    wanted = await _resolve_targets(tx, wanted)
    room = allowance.room(tat, machine, len(wanted)) if allowance else len(wanted)
    shares = _share_out([draft for _, draft in wanted], room)
    present = held | changed
    newest = await _newest(tx, {new.destination for new in shares if present[new.destination].next_at is not None})
    changed |= {new.destination: present[new.destination].joined(new, claim_for, machine) for new in shares}
    mine = {name for name, lane in changed.items() if claim_for and lane.owner == claim_for.token}
    at = {new.destination: max(instant(now), newest.get(new.destination, 0) + 1) for new in shares}
    rows = [_row(key, draft, draft.destination in mine, now, at[draft.destination]) for key, draft in wanted]
    await many(tx, _INSERT, rows)
    await lanes.write(tx, sorted(changed.values(), key=lambda lane: lane.destination))
    await settlement.forget(tx, outcomes)
    claimed = [_claimed(draft, claim_for) for _, draft in wanted if claim_for and draft.destination in mine]
    if allowance and claimed:
        await budget.write(tx, allowance.spent(tat, machine, len(claimed)))
    return claimed


async def of_user(tx: Transaction, user_id: int, since: datetime) -> list[Said]:
    """What was said to a person since then, oldest first, as far as ids are kept."""
    rows = await tx.connection.execute(_OF_USER, {"user_id": user_id, "since": instant(since)})
    return [Said(row.destination, row.message_id) for row in rows]


async def take_back(tx: Transaction, user_id: int) -> None:
    """Do not send what only waits as a reply to this person. What is being sent just now may still arrive."""
    await tx.connection.execute(_TAKE_BACK, {"who": user_id})


async def shown(tx: Transaction, user_ids: Collection[int]) -> dict[int, tuple[Shown, ...]]:
    """What was said to each of these, and may be in their chat, oldest first; the latest `MOST_SHOWN` messages and edits."""
    said: dict[int, list[Shown]] = {user_id: [] for user_id in user_ids}
    if said:
        for message, user_id, method, message_id in await found(tx, _SHOWN, {"ids": list(said)}):
            said[user_id].append(Shown(message, message_id or 0, picture=method in _PICTURES))
    return {user_id: tuple(rows[-MOST_SHOWN:]) for user_id, rows in said.items()}


async def counts(tx: Transaction) -> dict[Status, int]:
    """How many messages are in which state."""
    return {Status(row.status): row.n for row in await tx.connection.execute(_COUNTS)}


async def refused(tx: Transaction) -> tuple[int, datetime, str] | None:
    """How many messages were refused for ever and are still known, when the newest was written, and why; None if none."""
    row = (await tx.connection.execute(_REFUSED)).one_or_none()
    return None if row is None else (row.n, moment(row.created_at), row.error or "")


async def prune(tx: Transaction, before: datetime) -> None:
    """Forget the ids of messages written before then, and lanes whose pace has recovered: they name people."""
    await tx.connection.execute(_PRUNE, {"before": instant(before)})
    await lanes.prune(tx, await tx.machine() - _RECOVERED)


def _share_out(drafts: Sequence[Draft], room: int) -> list[Queued]:
    """Which lanes to claim at once: whole lanes, the most urgent first, while there is room."""
    by_lane: dict[str, list[int]] = {}
    for draft in drafts:
        by_lane.setdefault(draft.destination, []).append(draft.priority)
    shared = []
    for destination, priorities in sorted(by_lane.items(), key=lambda lane: min(lane[1])):
        fits = len(priorities) <= room
        room -= len(priorities) if fits else 0
        shared.append(Queued(destination, len(priorities), min(priorities), claim=fits))
    return shared


async def _newest(tx: Transaction, destinations: Collection[str]) -> dict[str, int]:
    """
    When the latest that waits in each of these locked lanes was written.

    What is written now has to be later than that, whatever this machine's clock shows: `claims` goes by it.
    """
    if not destinations:
        return {}
    rows = await found(tx, _NEWEST, {"destinations": sorted(destinations)})
    return {destination: at for destination, at in rows}  # noqa: C416 - rows are sequences of any length to the types


def _row(key: UserKey | None, draft: Draft, claimed: bool, now: datetime, at: int) -> dict[str, object]:
    return {
        "id": draft.id,
        "user_id": draft.user_id,
        "destination": draft.destination,
        "priority": draft.priority,
        "method": draft.method,
        "payload": _sealed(key, draft.id, draft.body),
        "status": Status.CLAIMED if claimed else Status.PENDING,
        "attempts": int(claimed),
        "if_unknown": draft.if_unknown,
        "target": draft.target,
        "expires_at": instant(now + KEPT if draft.expires_at is None else draft.expires_at),
        "created_at": at,
    }


def _sealed(key: UserKey | None, message: int, body: bytes) -> bytes:
    """The body as it is stored: sealed, or in the clear if the person's key is gone."""
    return body if key is None else key.seal(place(message), body)


def _claimed(draft: Draft, owner: Owner) -> Claimed:
    return Claimed(
        draft.id, draft.user_id, draft.destination, draft.method, draft.body, draft.if_unknown, attempts=1, owner=owner
    )


# ------------------------------------------------------------------------------------- edits of earlier messages


class _Target(NamedTuple):
    id: int
    status: int
    method: str
    message_id: int | None


async def _resolve_targets(
    tx: Transaction, drafts: list[tuple[UserKey | None, Draft]]
) -> list[tuple[UserKey | None, Draft]]:
    """
    Aim each edit at its message. Its lane is locked.

    An unsent message takes the edit's words itself, and the edit is done; the edit of a lost one is said anew; the edit of
    one that is just being sent waits behind it.
    """
    ids = {draft.target for _, draft in drafts if draft.target is not None}
    if not ids:
        return drafts
    rows = {row[0]: _Target(*row) for row in await found(tx, _TARGETS, {"ids": sorted(ids)})}
    resolved: dict[int, tuple[UserKey | None, Draft]] = {}
    for key, draft in drafts:
        target = rows.get(draft.target) if draft.target is not None else None
        again = None if draft.target is None else as_new(draft.method, draft.body)
        if draft.target in resolved and again:
            resolved[draft.target] = (key, replace(resolved[draft.target][1], method=again[0], body=again[1]))
        elif target is not None and target.message_id:
            resolved[draft.id] = (key, replace(draft, body=aimed(draft.body, target.message_id), target=None))
        elif target is not None and target.status == Status.PENDING and again and not target.method.startswith("edit"):
            change = {"message": target.id, "body": _sealed(key, target.id, again[1]), "how": again[0]}
            await tx.connection.execute(_REPLACE, change)
        elif draft.target is None or (target is not None and target.status < Status.SENT):
            resolved[draft.id] = (key, draft)
        elif again and draft.if_unknown != QUIET:
            resolved[draft.id] = (key, replace(draft, method=again[0], body=again[1], target=None))
    return list(resolved.values())


_INSERT = insert(outbox)
_NEWEST = (
    select(outbox.c.destination, func.max(outbox.c.created_at))
    .where(among(outbox.c.destination, "destinations"), unsent)
    .group_by(outbox.c.destination)
)
_OF_USER = (
    select(outbox.c.destination, outbox.c.message_id)
    .where(
        outbox.c.user_id == bindparam("user_id"),
        outbox.c.created_at >= bindparam("since"),
        outbox.c.status == Status.SENT,
        outbox.c.message_id > 0,
    )
    .order_by(outbox.c.created_at, outbox.c.id)
)
_TAKE_BACK = (
    update(outbox)
    .where(outbox.c.user_id == bindparam("who"), outbox.c.status == Status.PENDING, outbox.c.priority == 0)
    .values(status=Status.EXPIRED, payload=None)
)
_SHOWN = (
    select(outbox.c.id, outbox.c.user_id, outbox.c.method, outbox.c.message_id)
    .where(
        among(outbox.c.user_id, "ids"),
        or_(*(outbox.c.method == method for method in (*_WORDS, *_PICTURES))),
        not_(or_(outbox.c.status == Status.DEAD, outbox.c.status == Status.EXPIRED)),
        outbox.c.if_unknown != QUIET,
    )
    .order_by(outbox.c.id)
)
_COUNTS = select(outbox.c.status, func.count().label("n")).group_by(outbox.c.status)
_REFUSED = (
    select(func.count().over().label("n"), outbox.c.created_at, outbox.c.error)
    .where(outbox.c.status == Status.DEAD)
    .order_by(outbox.c.created_at.desc(), outbox.c.id.desc())
    .limit(1)
)
_PRUNE = delete(outbox).where(outbox.c.created_at < bindparam("before"), outbox.c.status >= Status.SENT)
_TARGETS = select(outbox.c.id, outbox.c.status, outbox.c.method, outbox.c.message_id).where(among(outbox.c.id, "ids"))
_REPLACE = (
    update(outbox).where(outbox.c.id == bindparam("message")).values(payload=bindparam("body"), method=bindparam("how"))
)
