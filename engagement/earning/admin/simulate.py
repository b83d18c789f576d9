"""The form that asks what a bill would earn for a customer; nothing is written."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminTextInputWidget

from customers.profile.models import Customer
from engagement.back_office import points_worth
from engagement.bills.admin.line_rows import LineRowsField, MoneyField, TypedLine, total_of
from engagement.earning.sales import SaleLine
from engagement.earning.simulation import Simulated, simulate_bill
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from loyalty_project.protocol.moments import from_wall
from organizations.back_office.forms import ActionForm, DayInput
from organizations.back_office.stores import StoreField
from organizations.locations.models import Store
from organizations.tenancy.models import Organization


class SimulateForm(ActionForm):
    """Amount, lines, day and store of a bill that is not recorded. `result` is what it would earn, in sentences."""

    previews: ClassVar[bool] = True
    preview_button: Final = "Simulate"
    seen: Final = ""

    amount = MoneyField(
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autofocus": True}),
        help_text="After discount. Leave blank for the sum of the lines.",
    )
    day = forms.DateField(label="Day", widget=DayInput)
    store = StoreField(required=False)
    lines = LineRowsField(required=False, help_text="Only for rules that look at items.")

    result: Sequence[str] = ()

    def __init__(
        self, *args: Any, customer: Customer, organization: Organization, stores: Sequence[Store], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.organization = customer, organization
        fields: Any = self.fields
        fields["store"].offer(stores)
        for name in ("amount", "lines"):
            fields[name].currency = organization.currency
        usual = {"day": self._today(), "store": customer.registered_store_id}
        self.initial = {**usual, **self.initial}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "amount" not in self.errors and "lines" not in self.errors:
            lines = cleaned.get("lines") or []
            if cleaned.get("amount") is None and not lines:
                self.add_error("amount", gettext("Enter the amount of the bill, or its lines."))
            elif cleaned.get("amount") is None:
                cleaned["amount"] = total_of(lines)
        return cleaned

    def run(self) -> bool:
        """Simulate a valid form. Always False: nothing is done."""
        if self.is_valid():
            self.attempt(self._simulate)
        return False

    def _simulate(self) -> None:
        typed = self.cleaned_data
        simulated = simulate_bill(
            self.customer,
            amount=typed["amount"],
            at=_moment(typed["day"], self._today(), self.organization),
            store=typed["store"],
            catalog=current_catalog(),
            organization=self.organization,
            lines=sale_lines(typed["lines"]),
        )
        self.result = simulated_sentences(simulated, currency=self.organization.currency)

    def _today(self) -> date:
        return clock.now().astimezone(self.organization.zone).date()


def sale_lines(lines: Sequence[TypedLine]) -> list[SaleLine]:
    """Typed lines as the earning rules see them."""
    return [
        SaleLine(position=position, item_code=line.item_code, quantity=line.quantity, amount=line.amount)
        for position, line in enumerate(lines, start=1)
    ]


def simulated_sentences(simulated: Sequence[Simulated], *, currency: str) -> list[str]:
    """What a bill would earn: the points of the first program as a headline, then each program and each of its rules."""
    if not simulated:
        return [gettext("It earns nothing"), gettext("No program counts for this customer there.")]
    first = simulated[0]
    points = first.points
    worth = points_worth(points, rules=first.version.typed_rules, currency=currency)
    headline = gettext("It earns %(worth)s") % {"worth": worth} if points else gettext("It earns nothing")
    return [headline, *(sentence for award in simulated for sentence in award.in_words())]


def _moment(day: date, today: date, organization: Organization) -> datetime:
    """Now for today, else noon of the day."""
    return clock.now() if day == today else from_wall(datetime.combine(day, time(12)), organization.zone)
