"""The form that redeems points for a customer, confirmed by a code that is sent to the customer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from engagement.back_office import points_worth
from engagement.numbers.display import format_money, format_points
from engagement.points.models import PointsAccount
from engagement.programs.catalog import newest_versions
from engagement.programs.descriptions import describe_redemption
from engagement.redemptions.codes import CONSTRAINTS, PointsCode
from engagement.redemptions.otp import CodeSent, ask_for_code
from engagement.redemptions.redeeming import LONGEST_NUMBER, check_redeemable, redeem_points
from engagement.redemptions.requests import RedeemableRequest, RedemptionRequest
from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.back_office.forms import LineField, NumberField
from organizations.back_office.once import OnceForm
from organizations.back_office.stores import StoreField
from organizations.locations.models import Store

_SENTENCES: Final[Mapping[CodeTable, str]] = {
    PointsCode.INVALID_POINTS: gettext_noop("Enter a number of points above 0."),
    PointsCode.NOT_A_MULTIPLE: gettext_noop("The program does not redeem this number of points: it redeems multiples only."),
    PointsCode.INVALID_VALIDATION_CODE: gettext_noop("This is not the code that was sent, or it is not valid any more."),
    PointsCode.FRAUD: gettext_noop("Not allowed: the customer is marked as fraud."),
    PointsCode.INSUFFICIENT_POINTS: gettext_noop("The customer does not have so many points."),
    PointsCode.ABOVE_DAILY_LIMIT: gettext_noop("These are more points than a customer may redeem on one day."),
    PointsCode.BELOW_MINIMUM: gettext_noop("These are fewer points than the program redeems at once."),
    PointsCode.VALIDATION_CODE_REQUIRED: gettext_noop("Enter the code that the customer got."),
    PointsCode.CODE_NOT_ISSUED: gettext_noop(
        "The customer has no mobile number or e-mail address to which a code can be sent."
    ),
    PointsCode.INVALID_PRECISION: gettext_noop("The program does not have so many decimals."),
    PointsCode.NOT_IN_PROGRAM: gettext_noop("The customer is not a member of the program."),
    PointsCode.BLOCKED_BY_STATUS: gettext_noop("The customer's status forbids to redeem points."),
}
_FIELDS: Final[Mapping[CodeTable, str]] = {
    PointsCode.INVALID_VALIDATION_CODE: "code",
    PointsCode.VALIDATION_CODE_REQUIRED: "code",
    PointsCode.CODE_NOT_ISSUED: "code",
    **dict.fromkeys(
        (
            PointsCode.INVALID_POINTS,
            PointsCode.NOT_A_MULTIPLE,
            PointsCode.INSUFFICIENT_POINTS,
            PointsCode.ABOVE_DAILY_LIMIT,
            PointsCode.BELOW_MINIMUM,
            PointsCode.INVALID_PRECISION,
        ),
        "points",
    ),
}


class RedeemForm(OnceForm):
    """Points that a customer redeems at a store, and the code that confirms it. *Send code* sends one by the outbox."""

    action = "redeem points"
    constraints = CONSTRAINTS
    sentences = _SENTENCES
    other_button: ClassVar[tuple[str, str]] = ("send_code", gettext_noop("Send code"))

    account_id = forms.ChoiceField(label="Program", widget=UnfoldAdminSelectWidget())
    points = NumberField(widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autofocus": True}))
    store = StoreField()
    bill = LineField(
        label="Bill number",
        required=False,
        max_length=LONGEST_NUMBER,
        widget=UnfoldAdminTextInputWidget(),
        help_text="The bill that the points pay, if there is one already.",
    )
    code = LineField(
        label="Code from the customer",
        required=False,
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
        help_text="Send code sends one to the customer, good for these points.",
    )

    def __init__(
        self,
        *args: Any,
        account: PointsAccount,
        accounts: Sequence[PointsAccount],
        stores: Sequence[Store],
        by: Actor,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, subject=account.customer_id, by=by, **kwargs)
        self.account = account
        self.rules = newest_versions()[account.program_id].typed_rules
        fields: Any = self.fields
        fields["store"].offer(stores)
        fields["points"].help_text = " ".join(describe_redemption(self.rules, currency=by.organization.currency))
        if len(accounts) == 1:
            del fields["account_id"]
        else:
            fields["account_id"].choices = [(str(each.pk), str(each.program)) for each in accounts]
        first = stores[0].pk if len(stores) == 1 else account.customer.registered_store_id
        self.initial = {**self.initial, "account_id": str(account.pk), "store": first}

    def field_of(self, code: CodeTable) -> str | None:
        return _FIELDS.get(code) if isinstance(code, PointsCode) else None

    def worth(self, points: Decimal) -> str:
        """Points of the program with their value in money."""
        return points_worth(points, rules=self.rules, currency=self.by.organization.currency)

    def run(self) -> bool:
        """Send a code if that button was pressed, else as every form that counts once."""
        if "send_code" not in self.data:
            return super().run()
        if self.is_valid() and self.attempt(self._send_code):
            self.show()
        return False

    def preview(self) -> Sequence[str]:
        asked = RedeemableRequest(references={}, amount=self._points, program_id=self._program)
        redeemable = check_redeemable(asked, by=self._at_store, customer_id=self.subject_id)
        currency = self.by.organization.currency
        pays = gettext("%(points)s points pay %(value)s %(currency)s") % {
            "points": format_points(redeemable.points),
            "value": format_money(redeemable.value),
            "currency": currency,
        }
        return [
            pays,
            gettext("New balance: %(balance)s.") % {"balance": self.worth(self.account.balance - redeemable.points)},
            *self._sent(),
        ]

    def do(self) -> str:
        code: str = self.cleaned_data["code"]
        if not code:
            raise LoyaltyError(PointsCode.VALIDATION_CODE_REQUIRED)
        request = RedemptionRequest(
            references={},
            points=self._points,
            program_id=self._program,
            transaction_number=self.cleaned_data["bill"],
            validation_code=code,
        )
        redeemed = redeem_points(request, by=self._at_store, customer_id=self.subject_id)
        points, value = format_points(redeemed.redemption.points), format_money(redeemed.value)
        return gettext("%(points)s points redeemed for %(value)s %(currency)s, code %(code)s.") % {
            "points": points,
            "value": value,
            "currency": self.by.organization.currency,
            "code": redeemed.redemption.code,
        }

    sent: CodeSent | None = None

    def _send_code(self) -> None:
        self.sent = ask_for_code({}, self._points, by=self._at_store, customer_id=self.subject_id)

    def _sent(self) -> list[str]:
        if self.sent is None:
            return []
        channels = self.sent.message.rpartition(" by ")[2].replace("/", " and ")
        return [
            gettext("A code was sent by %(channels)s. It is good until %(expires_at)s.")
            % {"channels": channels, "expires_at": f"{timezone.localtime(self.sent.expires_at):%H:%M}"}
        ]

    @property
    def _points(self) -> str:
        return plain_digits(self.cleaned_data["points"])

    @property
    def _program(self) -> str:
        program = self.account.program
        return str(program.pk if program.external_id is None else program.external_id)

    @property
    def _at_store(self) -> Actor:
        return replace(self.by, store=self.cleaned_data["store"])
