"""The form that reverses a redemption of a customer: the points come back, all or some."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from customers.profile.models import Customer
from engagement.back_office import points_worth
from engagement.numbers.display import format_points
from engagement.programs.catalog import newest_versions
from engagement.redemptions.codes import CONSTRAINTS, PointsCode
from engagement.redemptions.models import Redemption
from engagement.redemptions.reversing import check_reversal, points_to_reverse, reverse_by_hand
from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.back_office.forms import NumberField, ReasonField
from organizations.back_office.once import OnceForm
from organizations.back_office.parameters import is_row_id

# The form offers the newest ones.
MOST_OFFERED: Final = 50
_SENTENCES: Final[Mapping[CodeTable, str]] = {
    PointsCode.INVALID_POINTS: gettext_noop("Enter a number of points above 0."),
    PointsCode.INVALID_PRECISION: gettext_noop("The program does not have so many decimals."),
    PointsCode.ABOVE_REDEMPTION: gettext_noop("These are more points than are left of this redemption."),
    PointsCode.ALREADY_REVERSED: gettext_noop("This redemption is reversed already."),
    PointsCode.REVERSAL_DISABLED: gettext_noop("The organization does not reverse redemptions."),
    PointsCode.CUSTOMER_NOT_FOUND: gettext_noop("The customer was not found any more."),
    PointsCode.OTHER_CUSTOMERS: gettext_noop("The redemption is of another customer."),
}
_OF_POINTS: Final = frozenset({PointsCode.INVALID_POINTS, PointsCode.INVALID_PRECISION, PointsCode.ABOVE_REDEMPTION})


def reversible_redemptions(customer: Customer, *, sent: str) -> list[Redemption]:
    """The newest redemptions of the customer of which something is left, and the one that a form has `sent`. One query.

    That one may be reversed by now, by the same form: then it is answered by what was done.
    """
    offered = Q(reversed__lt=F("points"))
    if is_row_id(sent):
        offered |= Q(pk=int(sent))
    rows = Redemption.objects.filter(offered, account__customer=customer)
    return list(rows.select_related("account__program", "entry__store").order_by("-pk")[:MOST_OFFERED])


class ReverseForm(OnceForm):
    """A redemption, the points that come back (blank: all that are left), and why."""

    action = "reverse redemption"
    constraints = CONSTRAINTS
    sentences = _SENTENCES

    redemption = forms.ChoiceField(widget=UnfoldAdminSelectWidget())
    points = NumberField(
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text="Leave blank for all that are left of it.",
    )
    reason = ReasonField(help_text="Kept in the ledger and in the history.")

    field_order = ("redemption", "points", "reason")

    def __init__(self, *args: Any, customer: Customer, redemptions: Sequence[Redemption], by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, subject=customer.pk, by=by, **kwargs)
        self.redemptions = {str(redemption.pk): redemption for redemption in redemptions}
        offered: Any = self.fields["redemption"]
        offered.choices = [(pk, _label(redemption)) for pk, redemption in self.redemptions.items()]

    def field_of(self, code: CodeTable) -> str | None:
        return "points" if code in _OF_POINTS else None

    def preview(self) -> Sequence[str]:
        redemption = self._redemption
        points = points_to_reverse(redemption, self._points)
        result = check_reversal(redemption, points, by=self.by)
        rules = newest_versions()[redemption.account.program_id].typed_rules
        worth = points_worth(result.balance, rules=rules, currency=self.by.organization.currency)
        lapsed = (
            [
                gettext("%(lapsed)s of them are past their last day, and expire at once.")
                % {"lapsed": format_points(result.lapsed)}
            ]
            if result.lapsed
            else []
        )
        return [
            gettext("%(points)s points come back") % {"points": format_points(points)},
            *lapsed,
            gettext("New balance: %(worth)s.") % {"worth": worth},
        ]

    def do(self) -> str:
        redemption, reason = self._redemption, self.cleaned_data["reason"]
        done = reverse_by_hand(redemption, self._points, reason=reason, by=self.by)
        return gettext("%(points)s points of redemption %(code)s came back.") % {
            "points": format_points(done.reversal.points),
            "code": redemption.code,
        }

    @property
    def _redemption(self) -> Redemption:
        return self.redemptions[self.cleaned_data["redemption"]]

    @property
    def _points(self) -> str:
        points: Decimal | None = self.cleaned_data["points"]
        return "" if points is None else plain_digits(points)


def _label(redemption: Redemption) -> str:
    left = format_points(redemption.points - redemption.reversed)
    day = timezone.localtime(redemption.entry.occurred_at)
    store = f", {redemption.entry.store}" if redemption.entry.store else ""
    return gettext("%(code)s: %(left)s of %(points)s points, %(day)s%(store)s") % {
        "code": redemption.code,
        "left": left,
        "points": format_points(redemption.points),
        "day": f"{day:%Y-%m-%d}",
        "store": store,
    }
