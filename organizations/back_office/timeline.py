"""A timeline on a page: rows of several kinds, newest first, in pages that follow each other by a key.

Each source reads its rows of a `TimelineSlice`; `merge_rows` makes one page of what they return.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet

from organizations.back_office.history import ChangeRow

Row = TypeVar("Row", bound=Model)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Moments of the years 1653 to 2286, a source, and an id.
_KEY: Final = re.compile(r"(-?\d{1,16})\.(\d{1,2})\.(\d{1,18})", re.ASCII)


class TimelineKey(NamedTuple):
    """The position of a row: its moment; of one moment the number of its source, and the id within the source."""

    at: datetime
    source: int
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}.{self.source}.{self.pk}"


def read_key(text: str) -> TimelineKey | None:
    """The key that `str` made; None for any other text."""
    parts = _KEY.fullmatch(text)
    if parts is None:
        return None
    moment, source, pk = map(int, parts.groups())
    return TimelineKey(_EPOCH + moment * _MICROSECOND, source, pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSlice:
    """What a source is asked for: its newest rows, `limit` at most, that come after the row at `before` on the page.

    `source` numbers the source. `currency` is that of the organization's money.
    """

    source: int
    limit: int
    before: TimelineKey | None
    currency: str

    def newest(self, rows: QuerySet[Row], moment: str) -> list[Row]:
        """The rows of the slice, newest first. `moment` is the column of their time. One query."""
        key = self.before
        if key is not None:
            same_moment = Q(**{moment: key.at})
            earlier = Q(**{f"{moment}__lt": key.at})
            if self.source < key.source:
                earlier |= same_moment
            elif self.source == key.source:
                earlier |= same_moment & Q(pk__lt=key.pk)
            rows = rows.filter(earlier)
        return list(rows.order_by(f"-{moment}", "-pk")[: self.limit])

    def key(self, at: datetime, pk: int) -> TimelineKey:
        """The key of a row of this source."""
        return TimelineKey(at, self.source, pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One line of a timeline, and what it shows when it is opened.

    `icon` is a Material symbol. `title` and `note` are the line; `state` is a badge, `tone` its color ("good", "bad", "").
    `amount` is money, `points` a change of points, `balance` the points after it, all as text. `facts` are names with values
    that `tables.cell` prints, `changes` old and new values, `link` the address of the row's own page.
    """

    key: TimelineKey
    icon: str
    title: Any
    note: Any = ""
    state: str = ""
    tone: str = ""
    amount: str = ""
    points: str = ""
    balance: str = ""
    facts: Sequence[tuple[str, Any]] = ()
    changes: Sequence[ChangeRow] = ()
    link: str = ""

    @property
    def at(self) -> datetime:
        """The moment."""
        return self.key.at


def merge_rows(sources: Iterable[Iterable[TimelineRow]], *, limit: int) -> tuple[list[TimelineRow], TimelineKey | None]:
    """The newest `limit` rows of all sources, and the key for the page of older ones; None if there are none.

    Each source gives its newest rows, one more than `limit` if there are so many.
    """
    rows = sorted((row for source in sources for row in source), key=lambda row: row.key, reverse=True)
    return rows[:limit], rows[limit - 1].key if len(rows) > limit else None
