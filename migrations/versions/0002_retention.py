"""Find what is past its time without looking through everything: words, and notes that danger was written."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WORDS, WARM, FLAG = sa.text("text IS NOT NULL"), sa.text("warm IS NOT NULL"), sa.text("kind = 'flag'")


def upgrade() -> None:
    op.create_index("entries_words", "entries", ["at", "kind"], sqlite_where=WORDS, postgresql_where=WORDS)
    op.create_index("entries_flags", "entries", ["at"], sqlite_where=FLAG, postgresql_where=FLAG)
    op.create_index("spaces_words", "spaces", ["back_at", "state"], sqlite_where=WARM, postgresql_where=WARM)
