"""What the start page shows figures for, and the addresses of the rows behind them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from engagement.figures.periods import Period
from engagement.numbers.display import format_money
from loyalty_project.translation import format_number

# Above it, money is shown without decimals.
_WHOLE_FROM: Final = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What the figures are shown for: the period, and one store (id) or all that the current user sees.

    `is_everywhere` is False for one store, and for users limited to stores: what belongs to no store is not shown to them.
    """

    period: Period
    store_id: int | None
    is_everywhere: bool
    currency: str

    def rows(self, model: str, days: str = "", store: str = "store", **filters: str) -> str:
        """The address of the list of a model, for the days of the period by the field `days`, and the store."""
        chosen = dict(filters)
        if days:
            chosen |= {f"{days}_from": self.period.first_day.isoformat(), f"{days}_to": self.period.last_day.isoformat()}
        if self.store_id is not None and store:
            chosen[store] = str(self.store_id)
        path = reverse(f"admin:{model}_changelist")
        return f"{path}?{urlencode(chosen)}" if chosen else path


def show_money(amount: Decimal) -> str:
    """An amount, without decimals if it is large."""
    return format_number(amount, 0) if abs(amount) >= _WHOLE_FROM else format_money(amount)
