"""Time that irreversible work may rely on: this machine's, unless its clock is far ahead of the database's.

A clock that jumps forward would let points expire for good. So what is due is carried out up to `trusted` moments only. The
database's time is asked for at most once a minute in each process, and only if something is due.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import structlog

from loyalty_project import clock
from loyalty_project.db.statements import fetch

log = structlog.get_logger(__name__)

MOST_AHEAD: Final = timedelta(days=1)
_KEPT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """The database's time when this process's monotonic clock was `at`."""

    moment: datetime
    at: float


class _Memory:
    seen: _Seen | None = None


def trusted(moment: datetime) -> datetime:
    """The moment, or the database's time if the moment is more than a day later than that: then an error is logged."""
    now = _database_now()
    if moment - now <= MOST_AHEAD:
        return moment
    log.error("clock_ahead_of_database", moment=moment.isoformat(), database=now.isoformat(), days=(moment - now).days)
    return now


def clock_lead() -> timedelta:
    """How far this machine's clock is ahead of the database's: one query. Below zero if it is behind."""
    return clock.now() - database_time()


def forget_database_time() -> None:
    """Ask the database again next time."""
    _Memory.seen = None


def database_time() -> datetime:
    """The time by the database's clock, aware, in UTC: one query."""
    ((moment,),) = fetch("SELECT clock_timestamp()", {})
    return cast("datetime", moment)


def _database_now() -> datetime:
    at = time.monotonic()
    seen = _Memory.seen
    if seen is None or at - seen.at > _KEPT_SECONDS:
        seen = _Memory.seen = _Seen(database_time(), at)
    return seen.moment + timedelta(seconds=at - seen.at)
