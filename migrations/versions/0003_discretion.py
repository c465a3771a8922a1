"""Discretion: what may show on a lock screen, a word to leave by, a private corner, neutral notes, and invitations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("users", sa.Column("lock_screen", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("users", sa.Column("exit_word", sa.LargeBinary))
    op.create_table(
        "corners",
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("pin", sa.LargeBinary, nullable=False),
        sa.Column("wrong", sa.SmallInteger, nullable=False),
        sa.Column("wait_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "covers",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("covers_by_user", "covers", ["user_id"])
    op.create_table(
        "invites",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hash"),
        sqlite_with_rowid=False,
    )
