"""Moments on the wire: wall times in the organization's zone, without offset (docs/protocol.md 1.4, 1.8, 7).

An offset in input is ignored. A wall time that a clock change skips is moved forward; of a repeated one the first counts.
"""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_UTC = ZoneInfo("UTC")
_LONGEST = 100
_WRITTEN = len("2026-01-31 12:34:56")
_MOMENT = re.compile(
    r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)
_OFFSET = re.compile(r":\d{2}(?:[.,]\d+)?\s*[+-]\d{2}:?\d{2}$", re.ASCII)


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment (UTC) of a wall time `YYYY-MM-DD HH:MM:SS`, or of a date's first second, in `zone`; None for other text."""
    given = text.strip()
    match = _MOMENT.fullmatch(given) if len(given) <= _LONGEST else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if not 1900 <= year <= 9000:
        return None
    try:
        wall = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is added below
        return from_wall(wall, zone)
    except (ValueError, OverflowError):
        return None


def read_span(text: str, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The second of a wall time or the day of a date: its first moment (UTC) and the first after it; None for other text."""
    begin = read_moment(text, zone)
    if begin is None:
        return None
    if ":" in text:
        return begin, begin + timedelta(seconds=1)
    next_day = begin.astimezone(zone).date() + timedelta(days=1)
    return begin, from_wall(datetime.combine(next_day, time.min), zone)


def read_stated_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment (UTC) at which a redemption was made, as its till states it; None for other text (docs/protocol.md 1.8).

    Of a time with an offset only the date is kept. A time that ends in Z is UTC. Any other is wall time in `zone`.
    """
    given = text.strip()
    moment = read_moment(given, _UTC if given[-1:] in {"Z", "z"} else zone)
    if moment is not None and _OFFSET.search(given):
        return from_wall(datetime.combine(moment.astimezone(zone).date(), time.min), zone)
    return moment


def from_wall(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) of a naive wall time in `zone`."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # Skipped by a clock change: the offset before the change moves the moment forward by the length of the gap.
    before = (wall - timedelta(days=1)).replace(tzinfo=zone).utcoffset() or timedelta(0)
    return (wall - before).replace(tzinfo=UTC)


def write_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS`, the wall time in `zone`."""
    return moment.astimezone(zone).isoformat(" ", "seconds")[:_WRITTEN]
