"""Who a person is: locked for a turn, created, changed, and erased without a trace."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, time
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, delete, select, update

from bot.core.errors import Undecodable, VaultError
from bot.core.facts import User
from bot.core.values import dataclass
from bot.storage.database import Transaction, in_each_dialect, instant, moment
from bot.storage.statements import among, found, many
from bot.storage.tables import lanes, metadata, spaces, users
from bot.storage.vault import UserKey, Vault, agree


@dataclass(frozen=True, slots=True)
class Person:
    """A user together with the key that opens what they wrote."""

    user: User
    key: UserKey

    def seal(self, place: str, text: str) -> bytes | None:
        """`text` sealed for `table.column.id`; None if there is none."""
        return self.key.seal(place, text.encode()) if text else None

    def open(self, place: str, sealed: bytes | None) -> str:
        """The text that was sealed there. Raises Undecodable."""
        if sealed is None:
            return ""
        try:
            return self.key.open(place, sealed).decode()
        except (VaultError, UnicodeDecodeError):
            raise Undecodable(f"{place.rpartition('.')[0]} cannot be opened.", user_id=self.user.id) from None


async def lock(tx: Transaction, vault: Vault, ids: Collection[int]) -> dict[int, Person]:
    """
    The known ones of these users, their rows locked in the order of ids until the transaction ends.

    Raises Undecodable, with `user_id`, for a row that cannot be opened; DatabaseUnavailable if this program lacks the key.
    """
    rows = await found(tx, _LOCK, {"ids": list(ids)})
    try:
        return {row[1]: _person(vault, *row) for row in rows}
    except Undecodable:
        await agree(tx, vault)
        raise


async def create(tx: Transaction, vault: Vault, newcomers: Collection[User]) -> dict[int, Person]:
    """These users with a new key each; one whom another replica has just created is taken as found. All end up locked."""
    if newcomers:
        await agree(tx, vault)
    made = {}
    rows = []
    for user in sorted(newcomers, key=lambda user: user.id):
        key, wrapped = vault.make_key(user.id)
        made[user.id] = Person(user, key)
        rows.append(_row(made[user.id], _COLUMNS, wrapped_key=wrapped))
    if not rows:
        return {}
    inserted = set((await tx.connection.execute(_CREATE[tx.dialect], rows)).scalars())
    rivals = made.keys() - inserted
    return {**made, **(await lock(tx, vault, rivals) if rivals else {})}


async def change(tx: Transaction, changes: Sequence[tuple[Person, Mapping[str, Any]]]) -> dict[int, Person]:
    """Set fields of `User` on locked people; the people as they are now. A later change of one person sees the earlier."""
    changed: dict[int, Person] = {}
    named: dict[int, frozenset[str]] = {}
    for person, values in changes:
        user = replace(changed.get(person.user.id, person).user, **values)
        changed[user.id] = Person(user, person.key)
        named[user.id] = named.get(user.id, frozenset()).union(values)
    for columns in set(named.values()) - {frozenset()}:
        rows = [
            _row(person, columns, user_id=user_id) for user_id, person in changed.items() if named[user_id] == columns
        ]
        await many(tx, _change(columns), rows)
    return changed


async def touch(tx: Transaction, ids: Collection[int], now: datetime) -> None:
    """These users were here `now`."""
    if ids:
        await found(tx, _TOUCH, {"ids": sorted(ids), "now": instant(now)})


async def erase(tx: Transaction, user_id: int) -> None:
    """Delete the person's key, then every row of theirs in every table. Nothing of it can be read again, nor restored."""
    chat_id = (await tx.connection.execute(_ERASE_KEY, {"user_id": user_id})).scalar_one_or_none()
    await tx.connection.execute(_FORGET_RECEIVER, {"erased": user_id})
    if chat_id is not None:  # before the messages: whoever claims some locks their lane first, too
        await tx.connection.execute(_ERASE_LANE, {"destination": f"chat:{chat_id}"})
    for statement in _ERASE:
        await tx.connection.execute(statement, {"user_id": user_id})


@dataclass(frozen=True, slots=True)
class Trace:
    """
    What decides how long somebody is kept: whether they agreed, when they came, and when they were last here.

    `unreadable`: the row does not tell, and the times are those of 1970: nothing may follow from when they were last here.
    """

    user_id: int
    agreed: bool
    created_at: datetime
    seen_at: datetime
    unreadable: bool = False


async def traces(tx: Transaction, after: int = 0, limit: int = 200) -> list[Trace]:
    """The next people in the order of ids, their rows locked; those that a turn has locked just now are left out."""
    rows = await tx.connection.execute(_TRACES, {"after": after, "limit": limit})
    return [_trace(row.id, row.consent > 0, row.created_at, row.seen_at) for row in rows]


async def forget_flags(tx: Transaction, ids: Collection[int], before: datetime, now: datetime) -> None:
    """Of these locked people, forget flags from before `before`, and every "until" that is over `now`."""
    if ids:
        for statement in _FORGET_FLAGS:
            await tx.connection.execute(statement, {"ids": list(ids), "before": instant(before), "now": instant(now)})


async def known(tx: Transaction, ids: Collection[int]) -> set[int]:
    """Those of these users of whom there is a row."""
    return {user_id for (user_id,) in await found(tx, _KNOWN, {"ids": list(ids)})}


async def unconsented(tx: Transaction, before: datetime) -> list[int]:
    """Who never agreed and was last seen before `before`: what is kept of them has to go."""
    return list((await tx.connection.execute(_UNCONSENTED, {"before": instant(before)})).scalars())


_SEALED = ("nickname", "exit_word")
_FIELDS = tuple(field.name for field in fields(User))
_LOCK = (
    select(users.c.wrapped_key, *(users.c[name] for name in _FIELDS))
    .where(among(users.c.id, "ids"))
    .order_by(users.c.id)
    .with_for_update()
)
_KNOWN = select(users.c.id).where(among(users.c.id, "ids"))
_COLUMNS = [column.name for column in users.c if column.name != "wrapped_key"]
_CREATE = in_each_dialect(lambda insert: insert(users).on_conflict_do_nothing().returning(users.c.id))
_TOUCH = update(users).where(among(users.c.id, "ids")).values(seen_at=bindparam("now", type_=users.c.seen_at.type))
_ERASE_KEY = delete(users).where(users.c.id == bindparam("user_id")).returning(users.c.chat_id)
_FORGET_RECEIVER = update(spaces).where(spaces.c.receiver_id == bindparam("erased")).values(receiver_id=None)
_ERASE = [
    delete(table).where(table.c.user_id == bindparam("user_id"))
    for table in metadata.sorted_tables
    if "user_id" in table.c
]
_ERASE_LANE = delete(lanes).where(lanes.c.destination == bindparam("destination"))
_UNCONSENTED = (
    select(users.c.id).where(users.c.consent == 0, users.c.seen_at < bindparam("before")).order_by(users.c.id)
)


_TRACES = (
    select(users.c.id, users.c.consent, users.c.created_at, users.c.seen_at)
    .where(users.c.id > bindparam("after"))
    .order_by(users.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_FORGET_FLAGS = [
    update(users)
    .where(users.c.id.in_(bindparam("ids", expanding=True)), users.c[name] < bindparam(limit))
    .values({name: None})
    for name, limit in (
        ("flagged_at", "before"),
        ("watch_until", "now"),
        ("paused_until", "now"),
        ("couple_tools_off_until", "before"),  # that they were turned on again counts as long as the flag
    )
]


@cache
def _change(columns: frozenset[str]) -> Update:
    """Set these columns of one user. A batch needs a few of these: when somebody was here, perhaps an answer or two."""
    if "id" in columns:
        raise ValueError("a user's id never changes")
    return (
        update(users)
        .where(users.c.id == bindparam("user_id"))
        .values({name: bindparam(name) for name in sorted(columns)})
    )


def _trace(user_id: int, agreed: bool, created_at: int, seen_at: int) -> Trace:
    try:
        return Trace(user_id, agreed, moment(created_at), moment(seen_at))
    except ValueError:
        return Trace(user_id, agreed, moment(0), moment(0), unreadable=True)


def _person(vault: Vault, wrapped: bytes, user_id: int, *others: Any) -> Person:
    """The person of a row as `_LOCK` finds it."""
    values = [user_id, *others]
    try:
        key = vault.unwrap(user_id, wrapped)
        for at, read in _READ:
            if values[at] is not None:
                values[at] = read(values[at])
        for at, name in _OPENED:
            sealed = values[at]
            values[at] = key.open(f"users.{name}.{user_id}", sealed).decode() if sealed else ""
        return Person(User(*values), key)
    except (VaultError, ValueError, TypeError):
        raise Undecodable("A row of users cannot be read.", user_id=user_id) from None


_READ: list[tuple[int, Callable[[Any], object]]] = [
    *((_FIELDS.index(name), moment) for name in ("paused_until", "blocked_at", "flagged_at", "watch_until")),
    *((_FIELDS.index(name), moment) for name in ("couple_tools_off_until", "created_at", "seen_at")),
    *((_FIELDS.index(name), time.fromisoformat) for name in ("quiet_from", "quiet_to", "nudge_at")),
    (_FIELDS.index("stopped"), bool),
]
"""How columns are read whose values are not the driver's own, by their places among `_FIELDS`."""

_OPENED = [(_FIELDS.index(name), name) for name in _SEALED]


def _row(person: Person, columns: Iterable[str], **others: object) -> dict[str, object]:
    """The values of these columns as they are stored, and `others`."""
    return {name: _stored(person, name) for name in columns} | others


def _stored(person: Person, name: str) -> object:
    value = getattr(person.user, name)
    if name in _SEALED:
        return person.seal(f"users.{name}.{person.user.id}", value)
    match value:
        case datetime():
            return instant(value)
        case time():
            return value.strftime("%H:%M")
    return value
