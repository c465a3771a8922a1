"""The first schema: people, sessions, entries, spaces, what is to be said, timers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("tat", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("source", "id"),
    )
    op.create_table(
        "entries",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("before", sa.SmallInteger),
        sa.Column("after", sa.SmallInteger),
        sa.Column("technique", sa.String(length=32), nullable=False),
        sa.Column("text", sa.LargeBinary),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("entries_by_user", "entries", ["user_id", "at", "kind"])

    op.create_table(
        "lanes",
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger),
        sa.Column("tat", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(length=64)),
        sa.PrimaryKeyConstraint("destination"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "lanes_due",
        "lanes",
        ["priority", "next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "media",
        sa.Column("bot_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("file_id", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "name"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("if_unknown", sa.String(length=8), nullable=False),
        sa.Column("target", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("error", sa.String(length=200)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_by_user", "outbox", ["user_id", "created_at"])
    op.create_index(
        "outbox_open",
        "outbox",
        ["destination", "id"],
        sqlite_where=sa.text("status < 2"),
        postgresql_where=sa.text("status < 2"),
    )

    op.create_table(
        "scripts",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "seen_updates",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("source", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("dialog", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("script", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "spaces",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("receiver_id", sa.BigInteger),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("back_at", sa.BigInteger, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("extensions", sa.SmallInteger, nullable=False),
        sa.Column("tell_if_late", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("warm", sa.LargeBinary),
        sa.Column("before", sa.SmallInteger),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("spaces_by_user", "spaces", ["user_id", "asked_at"])

    op.create_table(
        "timers",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("fence", sa.Integer),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "kind", "ref"),
    )
    op.create_index("timers_due", "timers", ["due_at"])

    op.create_table(
        "users",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("nickname", sa.LargeBinary),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("quiet_from", sa.String(length=5)),
        sa.Column("quiet_to", sa.String(length=5)),
        sa.Column("nudge_at", sa.String(length=5)),
        sa.Column("nudges", sa.String(length=16), nullable=False),
        sa.Column("ignored", sa.Integer, nullable=False),
        sa.Column("consent", sa.Integer, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("paused_until", sa.BigInteger),
        sa.Column("blocked_at", sa.BigInteger),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("country", sa.String(length=8), nullable=False),
        sa.Column("age", sa.String(length=8), nullable=False),
        sa.Column("flagged_at", sa.BigInteger),
        sa.Column("watch_until", sa.BigInteger),
        sa.Column("couple_tools_off_until", sa.BigInteger),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "vaults",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
