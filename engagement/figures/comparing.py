"""Figures in words: shares, and how a figure compares with that of the period before."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils.translation import gettext

from loyalty_project.translation import format_number

_WHOLE: Final = Decimal(1)
_TENTH: Final = Decimal("0.1")
# A larger growth is no help as a percentage.
_MOST: Final = 999


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure has changed: how much, the direction (1, -1, 0), and the tone: "good", "bad" or "" for neither."""

    text: str
    direction: int = 0
    tone: str = ""

    @property
    def arrow(self) -> str:
        """The direction as a sign."""
        return {1: "↑", -1: "↓"}.get(self.direction, "")

    @property
    def words(self) -> str:
        """The direction in words."""
        return {1: gettext("more than before"), -1: gettext("less than before")}.get(self.direction, "")


def percent(part: Decimal) -> str:
    """A part of 1 as a percentage: 0.4251 as "43%", below a tenth with a decimal: "4.3%"."""
    hundredths = part * 100
    whole = abs(hundredths) >= 10 or not hundredths
    return f"{hundredths.quantize(_WHOLE if whole else _TENTH, ROUND_HALF_UP):f}%"


def compare(now: Decimal | int | None, before: Decimal | int | None, *, more_is: str = "good") -> Change | None:
    """The growth of a sum or number; None if either is not known or there is nothing to compare.

    `more_is` is the tone of a growth.
    """
    if now is None or before is None or not (now or before):
        return None
    if not before:
        return Change(gettext("none before"))
    growth = (Decimal(now) - before) / abs(Decimal(before)) * 100
    percents = growth.quantize(_WHOLE, ROUND_HALF_UP)
    text = f"{format_number(abs(percents))}%" if abs(percents) <= _MOST else gettext("over %(most)s%%") % {"most": _MOST}
    return _change(percents, text, more_is)


def compare_shares(now: Decimal | None, before: Decimal | None, *, more_is: str = "good") -> Change | None:
    """The difference of two shares in percentage points; None if either is not known."""
    if now is None or before is None:
        return None
    points = ((now - before) * 100).quantize(_TENTH, ROUND_HALF_UP)
    return _change(points, gettext("%(number)s points") % {"number": f"{abs(points):f}"}, more_is)


def _change(growth: Decimal, text: str, more_is: str) -> Change:
    if not growth:
        return Change(gettext("unchanged"))
    less_is = {"good": "bad", "bad": "good"}.get(more_is, "")
    return Change(text, 1, more_is) if growth > 0 else Change(text, -1, less_is)
