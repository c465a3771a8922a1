"""When a wall time comes round in a zone, through every change of its clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


def next_daily(after: datetime, wall: time, zone: str) -> datetime:
    """
    The first instant (UTC) after `after` at which clocks in `zone` (IANA name; empty: UTC) show `wall`.

    On a day whose clocks jump over `wall` it is the first minute after the jump; where they show it twice, the first
    time. Raises ZoneInfoNotFoundError or ValueError for a zone that nobody knows.
    """
    there = ZoneInfo(zone or "UTC")
    day = after.astimezone(there).date()
    while (at := _instant(day, wall, there)) <= after:
        day += _DAY
    return at


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, wall, zone)
    while (at := local.astimezone(UTC)).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        local = local.replace(second=0, microsecond=0) + _MINUTE  # inside a gap, which ends on a whole minute
    return at
