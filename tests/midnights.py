"""Moments half an hour before and after local midnight, in zones on both sides of UTC."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from loyalty_project.protocol.moments import from_wall

DAY = date(2026, 3, 10)
# In each zone, one of the two times belongs to another day of UTC.
EAST, WEST = "Pacific/Kiritimati", "America/New_York"
TIMES = (time(0, 30), time(23, 30))

around_midnight = pytest.mark.parametrize(
    ("zone", "clock"), [(ZoneInfo(name), clock) for name in (EAST, WEST) for clock in TIMES], ids=str
)


def moment(zone: ZoneInfo, at: time, day: date = DAY) -> datetime:
    """The moment (UTC) of that time of day in `zone`."""
    return from_wall(datetime.combine(day, at), zone)
