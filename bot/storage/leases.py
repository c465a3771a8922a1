"""Who does what only one replica may do at a time, such as polling Telegram."""

from sqlalchemy import bindparam, case, delete, or_

from bot.storage.database import Transaction, in_each_dialect
from bot.storage.tables import leases

SECONDS = 5
"""How long a lease holds without being renewed, in machine time."""


async def take(tx: Transaction, name: str, owner: str, seconds: float = SECONDS) -> bool:
    """
    Take or renew the lease `name`; False while somebody else holds it. Renew it well before `seconds` have passed.

    Nobody holds it for longer than `seconds` from now, whatever the database's clock showed when they took it.
    """
    now = await tx.machine()
    wanted = {"name": name, "owner": owner, "until": now + round(seconds * 1_000_000), "now": now}
    holder: str | None = (await tx.connection.execute(_TAKE[tx.dialect], wanted)).scalar_one_or_none()
    return holder == owner


async def release(tx: Transaction, name: str, owner: str) -> None:
    """Give the lease back, if `owner` holds it, so that nobody has to wait for its end."""
    await tx.connection.execute(_RELEASE, {"name": name, "owner": owner})


_WANTED = {name: bindparam(name, type_=leases.c[name].type) for name in ("name", "owner", "until")}
_FREE = or_(leases.c.owner == _WANTED["owner"], leases.c.until <= bindparam("now", type_=leases.c.until.type))
_TAKE = in_each_dialect(
    lambda insert: (
        insert(leases)
        .values(_WANTED)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": case((_FREE, _WANTED["owner"]), else_=leases.c.owner), "until": _WANTED["until"]},
            where=or_(_FREE, leases.c.until > _WANTED["until"]),
        )
        .returning(leases.c.owner)
    )
)
_RELEASE = delete(leases).where(leases.c.name == bindparam("name"), leases.c.owner == bindparam("owner"))
