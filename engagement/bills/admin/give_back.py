"""The form that returns a bill by hand: the whole of it, an amount, or some of its lines."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from engagement.bills.admin.line_rows import MoneyField
from engagement.bills.admin.record import BillForm
from engagement.bills.draft import NUMBER_LENGTH, BillDraft, LineDraft
from engagement.bills.models import Bill, BillLine
from engagement.bills.reading import SentBill
from engagement.bills.returns import Portion, portion_of
from engagement.earning.parts import CameBack, claim_of, parts_of_json
from engagement.numbers.display import format_points
from engagement.points.models import BillPoints, PointsEntry
from engagement.programs.catalog import newest_versions
from organizations.back_office.forms import LineField, NumberField

ReturnType = Bill.ReturnType
# A form has no more lines than this; of longer bills an amount is returned.
MOST_OFFERED: Final = 50


class ReturnForm(BillForm):
    """What comes back of a sale: all, an amount, or pieces of its lines."""

    action = "return bill"

    kind = forms.ChoiceField(label="What comes back?", widget=UnfoldAdminRadioSelectWidget())
    amount = MoneyField(
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text="Only to return an amount.",
    )
    number = LineField(
        label="Number of the return",
        required=False,
        max_length=NUMBER_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        help_text="As printed on the slip, if it has one.",
    )

    def __init__(self, *args: Any, sale: Bill, **kwargs: Any) -> None:
        super().__init__(*args, subject=sale.pk, **kwargs)
        self.sale = sale
        self.sale_lines = list(BillLine.objects.filter(bill=sale, sale_line=None).order_by("position"))
        self.pieces = {f"line_{line.pk}": line for line in self.sale_lines[:MOST_OFFERED]}
        for name, line in self.pieces.items():
            left = format_points(line.quantity - line.returned_quantity)
            self.fields[name] = NumberField(
                required=False,
                label=f"{line.item_code} {line.description}".strip(),
                widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "placeholder": "0"}),
                help_text=gettext("%(left)s of %(quantity)s can come back.")
                % {"left": left, "quantity": format_points(line.quantity)},
            )
        offered: Any = self.fields["kind"]
        offered.choices = self._kinds()
        self.order_fields(["kind", "amount", *self.pieces, "store", "day", "number"])
        usual = ReturnType.FULL if not sale.returned_amount else ReturnType.LINE_ITEM if self.pieces else ReturnType.AMOUNT
        self.initial = {"store": sale.store_id, "kind": str(usual), **self.initial}

    def _kinds(self) -> list[tuple[str, str]]:
        lines = [(str(ReturnType.LINE_ITEM), gettext("Some of its lines"))] if self.pieces else []
        return [(str(ReturnType.FULL), gettext("The whole bill")), *lines, (str(ReturnType.AMOUNT), gettext("An amount"))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kind = cleaned.get("kind")
        if kind == ReturnType.AMOUNT and "amount" not in self.errors and not cleaned.get("amount"):
            self.add_error("amount", gettext("Enter the amount that comes back."))
        for name in self.pieces:
            if (cleaned.get(name) or Decimal(0)) < 0:
                self.add_error(name, gettext("Enter a number of pieces of at least 0."))
        return cleaned

    def preview(self) -> Sequence[str]:
        portion = self._portion()
        shown = [gettext("%(amount)s comes back") % {"amount": self.money(portion.amount)}]
        shown += [
            gettext("%(item_code)s: %(quantity)s for %(amount)s.")
            % {"item_code": line.item_code, "quantity": format_points(quantity), "amount": self.money(amount)}
            for _, line, quantity, amount in portion.lines
        ]
        if self.organization.policy.points_return:
            shown += self._claims(portion)
        return shown

    def do(self) -> str:
        draft = self._draft()
        bill = self.write(SentBill(draft=draft, type=draft.type, customer={}, references=self._references()))
        entries = PointsEntry.objects.filter(bill=bill, kind=PointsEntry.Kind.RETURN)
        taken = -sum((entry.points + entry.promised for entry in entries), Decimal(0))
        return gettext("return of bill %(number)s, %(amount)s; %(taken)s points taken back.") % {
            "number": self.sale.number,
            "amount": self.money(bill.amount),
            "taken": format_points(taken),
        }

    def _references(self) -> dict[str, str]:
        return {} if self.sale.customer_id is None else {"id": str(self.sale.customer_id)}

    def _portion(self) -> Portion:
        """The part of the sale that would come back now, by the rules of `record_bills`."""
        earlier = set(Bill.objects.filter(return_of=self.sale).values_list("return_type", flat=True))
        return portion_of(self._draft(), self.sale, earlier_types=earlier, sale_lines=self.sale_lines)

    def _claims(self, portion: Portion) -> list[str]:
        """The points that the sale brought and that are claimed with the portion, program by program."""
        returned = {line.position: line.returned_amount for line in self.sale_lines}
        for _, line, _, amount in portion.lines:
            returned[line.position] += amount
        back = CameBack(
            amount=self.sale.amount,
            returned=self.sale.returned_amount + portion.amount,
            sold={line.position: line.amount for line in self.sale_lines},
            lines={position: amount for position, amount in returned.items() if amount},
        )
        versions = newest_versions()
        sentences = []
        for share in BillPoints.objects.filter(bill=self.sale).select_related("account__program").order_by("pk"):
            precision = versions[share.account.program_id].typed_rules.precision
            claim = claim_of(share.issued, parts_of_json(share.of_lines), back, precision=precision) - share.claimed
            if claim > 0:
                sentences.append(
                    gettext("%(claim)s points of %(program)s are taken back, as far as they are left.")
                    % {"claim": format_points(claim), "program": share.account.program}
                )
        return sentences or [gettext("No points are taken back.")]

    def _draft(self) -> BillDraft:
        typed = self.cleaned_data
        kind = typed["kind"]
        lines = [
            LineDraft(item_code=line.item_code, serial=line.serial, quantity=typed[name], rate=line.rate)
            for name, line in self.pieces.items()
            if typed.get(name)
        ]
        return BillDraft(
            type=Bill.Type.NOT_INTERESTED_RETURN if self.sale.type == Bill.Type.NOT_INTERESTED else Bill.Type.RETURN,
            customer_id=self.sale.customer_id,
            number=typed["number"],
            billed_at=max(self.moment(), self.sale.billed_at) if typed["day"] == self.sale.billed_on else self.moment(),
            amount=typed["amount"] if kind == ReturnType.AMOUNT else None,
            store=typed["store"],
            lines=lines if kind == ReturnType.LINE_ITEM else None,
            return_type=kind,
            sale_id=self.sale.pk,
        )
