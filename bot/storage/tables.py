"""
The data model on one page. Columns marked sealed hold bytes that only `vault` can open.

An index with `sqlite_where` holds the same few rows on PostgreSQL, see `migrations/`: to name that dialect here would load it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)

metadata = MetaData()

# Every instant is a whole number of microseconds since 1970 UTC: exact, sortable and the same in both databases.
Instant = BigInteger

# A whole number made in the program. On SQLite it is the row's own address, which saves an index.
Id = BigInteger().with_variant(Integer(), "sqlite")

vaults = Table(  # one row: which master key this database belongs to
    "vaults",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
)

users = Table(  # one row a person; its lock orders the person's turns
    "users",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # Telegram's user id
    Column("chat_id", BigInteger, nullable=False),
    Column("locale", String(16), nullable=False),
    Column("role", String(16), nullable=False),  # reach, space, both, steady or empty
    Column("nickname", LargeBinary),  # sealed
    Column("zone", String(64), nullable=False),
    Column("quiet_from", String(5)),  # local wall time HH:MM
    Column("quiet_to", String(5)),
    Column("nudge_at", String(5)),
    Column("nudges", String(16), nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("consent", Integer, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("paused_until", Instant),
    Column("blocked_at", Instant),
    Column("seed", BigInteger, nullable=False),
    Column("country", String(8), nullable=False),  # whose help lines to show; other, or empty
    Column("age", String(8), nullable=False),  # asked, adult, minor or empty; never a birthdate
    Column("flagged_at", Instant),  # when danger was last written plainly; what was written is kept nowhere
    Column("watch_until", Instant),
    Column("couple_tools_off_until", Instant),
    Column("lock_screen", String(8), nullable=False),  # shown, neutral or empty
    Column("exit_word", LargeBinary),  # sealed
    Column("wrapped_key", LargeBinary, nullable=False),  # the person's own key, wrapped by the master key
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

seen_updates = Table(  # a set, not a high-water mark: Telegram's ids start anew after an idle week
    "seen_updates",
    metadata,
    Column("source", String(32), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

sessions = Table(  # where a person stands; everything but the address lies sealed in body
    "sessions",
    metadata,
    Column("user_id", Id, primary_key=True, autoincrement=False),
    Column("dialog", String(64), nullable=False),
    Column("state", String(64), nullable=False),
    Column("script", String(64), nullable=False),  # the script's hash
    Column("revision", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # sealed: slots, history, stack, prompt, memory
    Column("at", Instant, nullable=False),
)

entries = Table(  # what a person did; progress reads the numbers
    "entries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("before", SmallInteger),
    Column("after", SmallInteger),
    Column("technique", String(32), nullable=False),
    Column("text", LargeBinary),  # sealed
    Column("at", Instant, nullable=False),
    Index("entries_by_user", "user_id", "at", "kind"),
    Index("entries_words", "at", "kind", sqlite_where=text("text IS NOT NULL")),
    Index("entries_flags", "at", sqlite_where=text("kind = 'flag'")),
)

spaces = Table(  # the promise to come back
    "spaces",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),  # who asked
    Column("receiver_id", BigInteger),  # the linked partner, or none
    Column("asked_at", Instant, nullable=False),
    Column("back_at", Instant, nullable=False),
    Column("first", BigInteger, nullable=False),  # microseconds promised at the start
    Column("extensions", SmallInteger, nullable=False),
    Column("tell_if_late", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("warm", LargeBinary),  # sealed
    Column("before", SmallInteger),
    Index("spaces_by_user", "user_id", "asked_at"),
    Index(
        "spaces_words",
        "back_at",
        "state",
        sqlite_where=text("warm IS NOT NULL"),
    ),
)

corners = Table(  # the lock of a private corner; its lines are entries whose kind begins with private.
    "corners",
    metadata,
    Column("user_id", Id, primary_key=True, autoincrement=False),
    Column("pin", LargeBinary, nullable=False),  # sealed: a salted slow hash
    Column("wrong", SmallInteger, nullable=False),  # in a row
    Column("wait_until", Instant),
)

covers = Table(  # what a neutral note stands in for, until it is opened or old
    "covers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # the note's outbox id
    Column("user_id", BigInteger, nullable=False),
    Column("method", String(32), nullable=False),
    Column("body", LargeBinary, nullable=False),  # sealed request body
    Column("created_at", Instant, nullable=False),
    Index("covers_by_user", "user_id"),
)

invites = Table(  # single-use codes for newcomers; a code that was used is gone
    "invites",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the code
    Column("expires_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

outbox = Table(  # what is to be said, written in the turn's own commit
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("destination", String(64), nullable=False),  # chat:<id> or inline:<id>
    Column("priority", SmallInteger, nullable=False),  # 0 reply, 1 promise, 2 nudge
    Column("method", String(32), nullable=False),
    Column("payload", LargeBinary),  # sealed request body; wiped at settlement
    Column("status", SmallInteger, nullable=False),  # 0 pending, 1 claimed, 2 sent, 3 dead, 4 expired, 5 unknown
    Column("attempts", SmallInteger, nullable=False),
    Column("if_unknown", String(8), nullable=False),  # resend, drop, ask or quiet
    Column("target", BigInteger),  # an edit's outbox id
    Column("expires_at", Instant),  # story time
    Column("created_at", Instant, nullable=False),  # story time, but after all that waited in its lane then
    Column("message_id", BigInteger),  # Telegram's, once sent
    Column("error", String(200)),  # of a dead letter; never holds words people wrote
    Index("outbox_open", "destination", "id", sqlite_where=text("status < 2")),
    Index("outbox_by_user", "user_id", "created_at"),
)

unsent = outbox.c.status < literal_column("2")  # in the very words of outbox_open, without which the index is not used

lanes = Table(  # one row a destination: order, pace, RetryAfter and lease; machine time
    "lanes",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("priority", SmallInteger, nullable=False),
    Column("next_at", Instant),  # null: nothing to send
    Column("tat", Instant, nullable=False),  # pace (GCRA): survives an empty lane
    Column("owner", String(64)),  # fencing token of the present claim
    Index(
        "lanes_due",
        "priority",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

timers = Table(  # nudges, promised returns, waits; story time
    "timers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("ref", String(64), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("rule", String(16), nullable=False),  # HH:MM local wall time for a daily timer
    Column("fence", Integer),
    UniqueConstraint("user_id", "kind", "ref"),
    Index("timers_due", "due_at"),
)

budget = Table(  # GCRA over all replicas; machine time in microseconds
    "budget",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("tat", Instant, nullable=False),
)

leases = Table(  # who polls Telegram now; machine time
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", Instant, nullable=False),
)

media = Table(  # a picture is uploaded once
    "media",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(64), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("file_id", String(255), nullable=False),
)

scripts = Table(  # which replica knows which script set
    "scripts",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

dead_letters = Table(  # updates whose turn failed: seen, apologised for, counted; no words are kept
    "dead_letters",
    metadata,
    Column("source", String(32), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("fault", String(200), nullable=False),  # type of the error and where, never its text
    Column("at", Instant, nullable=False),
)
