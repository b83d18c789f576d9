"""The form that records a bill by hand, as a till of the store would send it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.db.models import Sum
from django.utils.translation import gettext, gettext_noop
from unfold.widgets import UnfoldAdminTextInputWidget

from customers.profile.models import Customer
from customers.registration.context import load_input_context
from engagement.bills.admin.line_rows import LineRowsField, MoneyField, total_of
from engagement.bills.codes import BillCode
from engagement.bills.draft import NUMBER_LENGTH, BillDraft, LineDraft
from engagement.bills.models import RETURNS, Bill
from engagement.bills.reading import SentBill
from engagement.bills.recording import find_recorded
from engagement.earning.admin.simulate import sale_lines, simulated_sentences
from engagement.earning.simulation import simulate_bill
from engagement.numbers.display import format_money, format_points
from engagement.points.models import BillPoints
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall
from organizations.audit.actors import Actor
from organizations.back_office.forms import DayInput, LineField
from organizations.back_office.once import OnceForm
from organizations.back_office.stores import StoreField
from organizations.configuration import current_configuration
from organizations.locations.models import Store
from use_cases.bill_answers import Billing
from use_cases.billing import record_bill

SENTENCES: Final[Mapping[CodeTable, str]] = {
    BillCode.INVALID_AMOUNT: gettext_noop("The organization does not accept a bill or a line of this amount."),
    BillCode.INVALID_NUMBER: gettext_noop("Bill numbers of the organization have another form."),
    BillCode.DUPLICATE_NUMBER: gettext_noop("A bill of this number is recorded already."),
    BillCode.CUSTOMER_NOT_FOUND: gettext_noop("The customer was not found any more."),
    BillCode.FRAUD: gettext_noop("Not allowed: the customer is marked as fraud."),
    BillCode.RETURN_BEFORE_SALE: gettext_noop("The return would be earlier than the sale."),
    BillCode.QUANTITY_ABOVE_BOUGHT: gettext_noop("More pieces than were bought."),
    BillCode.QUANTITY_ABOVE_LEFT: gettext_noop("More pieces than are left: some came back before."),
    BillCode.AMOUNT_ABOVE_LEFT: gettext_noop("More than what is left: a part came back before."),
    BillCode.AMOUNT_RETURN_EXISTS: gettext_noop("An amount came back before without its lines: return an amount."),
    BillCode.LINE_RETURN_EXISTS: gettext_noop("Lines came back before: return lines."),
    BillCode.FULLY_RETURNED: gettext_noop("The whole bill came back before."),
    BillCode.PARTLY_RETURNED: gettext_noop("A part came back before: return lines or an amount."),
    BillCode.NOT_RETURNABLE: gettext_noop("This bill cannot be returned."),
    BillCode.TOO_FAR_AHEAD: gettext_noop("The day is too far in the future."),
    BillCode.TOO_FAR_BACK: gettext_noop("The day is too far in the past."),
    BillCode.BILLING_BLOCKED: gettext_noop("The customer's status forbids bills."),
    BillCode.LINES_MISSING: gettext_noop("Enter how many pieces come back."),
}
_FIELDS: Final[Mapping[CodeTable, str]] = {
    BillCode.INVALID_NUMBER: "number",
    BillCode.DUPLICATE_NUMBER: "number",
    BillCode.INVALID_AMOUNT: "amount",
    BillCode.AMOUNT_ABOVE_LEFT: "amount",
    BillCode.TOO_FAR_AHEAD: "day",
    BillCode.TOO_FAR_BACK: "day",
    BillCode.RETURN_BEFORE_SALE: "day",
    BillCode.FULLY_RETURNED: "kind",
    BillCode.PARTLY_RETURNED: "kind",
    BillCode.AMOUNT_RETURN_EXISTS: "kind",
    BillCode.LINE_RETURN_EXISTS: "kind",
}


class BillForm(OnceForm):
    """The base of forms that write a bill: its number, store and day."""

    sentences = SENTENCES

    store = StoreField()
    day = forms.DateField(label="Day", widget=DayInput)

    def __init__(self, *args: Any, stores: Sequence[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = self.by.organization
        fields: Any = self.fields
        fields["store"].offer(stores)
        for field in fields.values():
            if isinstance(field, MoneyField | LineRowsField):
                field.currency = self.organization.currency
        self.now = clock.now()
        self.initial = {**self.initial, "day": self._today()}

    def field_of(self, code: CodeTable) -> str | None:
        name = _FIELDS.get(code) if isinstance(code, BillCode) else None
        return name if name in self.fields else None

    def money(self, amount: Decimal) -> str:
        """An amount with the organization's currency."""
        return f"{format_money(amount)} {self.organization.currency}"

    def at_store(self) -> Actor:
        """The current user at the chosen store."""
        return replace(self.by, store=self.cleaned_data["store"])

    def moment(self) -> datetime:
        """Now for today, else noon of the day."""
        day: date = self.cleaned_data["day"]
        return self.now if day == self._today() else from_wall(datetime.combine(day, time(12)), self.organization.zone)

    def write(self, sent: SentBill) -> Bill:
        """Record the bill or return as one of a till, with all its effects."""
        by, configuration = self.at_store(), current_configuration()
        context = load_input_context([], by=by, configuration=configuration)
        return record_bill(sent, Billing(configuration=configuration, context=context, by=by)).bill

    def _today(self) -> date:
        return self.now.astimezone(self.organization.zone).date()


class RecordBillForm(BillForm):
    """A bill of a customer with its lines."""

    action = "record bill"

    number = LineField(
        label="Bill number",
        max_length=NUMBER_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
        help_text="As printed on the receipt.",
    )
    amount = MoneyField(
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text="After discount. Leave blank for the sum of the lines.",
    )
    lines = LineRowsField(required=False)

    field_order = ("number", "store", "day", "amount", "lines")

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, subject=customer.pk, **kwargs)
        self.customer = customer
        self.initial = {"store": customer.registered_store_id, **self.initial}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "amount" not in self.errors and "lines" not in self.errors and cleaned.get("amount") is None:
            lines = cleaned.get("lines") or []
            if lines:
                cleaned["amount"] = total_of(lines)
            else:
                self.add_error("amount", gettext("Enter the amount of the bill, or its lines."))
        return cleaned

    def preview(self) -> Sequence[str]:
        typed, draft = self.cleaned_data, self._draft()
        draft.customer_id = self.customer.pk
        self._check_new(draft)
        simulated = simulate_bill(
            self.customer,
            amount=typed["amount"],
            at=draft.billed_at,
            store=typed["store"],
            catalog=current_configuration().part(load_catalog),
            organization=self.organization,
            lines=sale_lines(typed["lines"]),
        )
        headline, *sentences = simulated_sentences(simulated, currency=self.organization.currency)
        return [f"{self.money(typed['amount'])}: {headline[:1].lower()}{headline[1:]}", *sentences]

    def do(self) -> str:
        draft = self._draft()
        self._check_new(draft)
        references = {"id": str(self.customer.pk)}
        bill = self.write(SentBill(draft=draft, type=draft.type, customer={}, references=references))
        brought = BillPoints.objects.filter(bill=bill).aggregate(points=Sum("issued"))["points"] or Decimal(0)
        return gettext("bill %(number)s of %(amount)s, %(brought)s points.") % {
            "number": bill.number,
            "amount": self.money(bill.amount),
            "brought": format_points(brought),
        }

    def _draft(self) -> BillDraft:
        typed = self.cleaned_data
        return BillDraft(
            number=typed["number"],
            billed_at=self.moment(),
            amount=typed["amount"],
            store=typed["store"],
            lines=[
                LineDraft(
                    item_code=line.item_code,
                    quantity=line.quantity,
                    rate=(line.amount / line.quantity).quantize(Decimal("0.001")),
                    value=line.amount,
                    amount=line.amount,
                )
                for line in typed["lines"]
            ],
        )

    def _check_new(self, draft: BillDraft) -> None:
        """Refuse a number that the store has on that day, whichever till sent it: staff do not know of each other's bills."""
        find_recorded(draft, organization=self.organization, policy=self.organization.policy, by=self.at_store(), now=self.now)
        same = Bill.objects.filter(store=draft.store, number=draft.number, billed_on=self.cleaned_data["day"])
        if same.exclude(type__in=RETURNS).exists():
            raise LoyaltyError(BillCode.DUPLICATE_NUMBER)
