"""When points of a program expire, as typed values (docs/organization-file.md, `expiry`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class ExpiryKind(StrEnum):
    """How the last day of points is found."""

    NEVER = "never"
    DAYS = "days"
    MONTHS = "months"
    DATE = "date"
    LAST_ACTIVITY = "last_activity"
    ROLLING = "rolling"
    ANNIVERSARY = "anniversary"
    MEMBERSHIP = "membership"
    FIELD = "field"


class Activity(StrEnum):
    """What keeps points alive that expire after the last activity."""

    BILL = "bill"
    REDEMPTION = "redemption"
    AWARD = "award"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryRule:
    """When points expire.

    `number` counts days, months or anniversaries, as `kind` says; for FIELD, the days after the date in the customer's field
    named `field`. `day` belongs to DATE; it is None for a date that does not exist, which is an error where points expire.
    """

    kind: ExpiryKind = ExpiryKind.NEVER
    number: int = 0
    day: date | None = None
    field: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "ExpiryRule":
        """The rule; None is never."""
        if not stored:
            return NEVER
        kind, value = ExpiryKind(stored["kind"]), stored.get("value")
        if kind == ExpiryKind.DATE:
            try:
                return cls(kind=kind, day=date.fromisoformat(stored["value"]))
            except ValueError:
                return cls(kind=kind)
        return cls(kind=kind, number=value or 0, field=stored.get("name", ""))

    def is_past(self, day: date) -> bool:
        """True for a DATE before `day`: points that may be spent from that day on would have expired already."""
        return self.day is not None and self.day < day


NEVER = ExpiryRule()
