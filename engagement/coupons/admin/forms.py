"""Forms of coupon pages."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.search.admin import matching_customers
from engagement.coupons.catalog import CurrentSeries, issuing_series, load_series
from engagement.coupons.descriptions import describe_discount, describe_use
from engagement.coupons.generation import MOST_CODES, request_codes
from engagement.coupons.issuing import check_may_issue, give_coupon
from engagement.coupons.models import CodeRun, Coupon, CouponRedemption, CouponSeries
from engagement.coupons.reactivating import CouponStateError, expire_coupon, reactivate_coupon
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.plain_text import read_code
from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm, ReasonField, WholeNumberField
from organizations.back_office.once import OnceForm
from organizations.configuration import current_configuration

# What a refusal means to staff, by its code.
_SENTENCES: Final = {
    712: gettext_noop("The series is switched off, is over, or has issued all its coupons."),
    722: gettext_noop("The customer has all the coupons that the series allows."),
    742: gettext_noop("The customer's status forbids coupons."),
    750: gettext_noop("The customer is marked as fraud."),
}


class CouponRefusedError(CouponStateError):
    """A coupon cannot be issued; the text is a sentence for staff."""

    def __init__(self, refusal: LoyaltyError) -> None:
        super().__init__(gettext(_SENTENCES.get(int(refusal.code), refusal.sentence)))


class GivingForm(OnceForm):
    """The base of forms that give a customer a coupon for a reason. A subclass names customer and series."""

    action = "issue coupon"
    refusals: ClassVar[tuple[type[Exception], ...]] = (*OnceForm.refusals, CouponStateError)

    reason = ReasonField(help_text="Kept in the history.")

    coupon: Coupon | None = None

    def customer_and_series(self) -> tuple[Customer, CurrentSeries]:
        """Who gets a coupon, and of which series: the newest terms."""
        raise NotImplementedError

    def give(self, customer: Customer, current: CurrentSeries) -> Coupon:
        """Issue the coupon in the caller's transaction."""
        return give_coupon(lock_customer(customer.pk), current, by=self.by, reason=self.cleaned_data["reason"])

    def preview(self) -> Sequence[str]:
        customer, current = self.customer_and_series()
        try:
            check_may_issue(customer, current, by=self.by)
        except LoyaltyError as refusal:
            raise CouponRefusedError(refusal) from refusal
        organization, terms = self.by.organization, current.terms
        last = terms.last_moment(clock.now(), organization.zone).astimezone(organization.zone)
        return [
            gettext("%(customer)s gets: %(terms)s")
            % {"customer": customer, "terms": describe_discount(terms, currency=organization.currency)},
            gettext("A coupon of %(terms)s, good until %(last)s.")
            % {"terms": terms.name or current.series.code, "last": f"{last:%Y-%m-%d}"},
            gettext("It may be redeemed %(terms)s.") % {"terms": describe_use(terms, currency=organization.currency)},
        ]

    def do(self) -> str:
        try:
            self.coupon = self.give(*self.customer_and_series())
        except LoyaltyError as refusal:
            raise CouponRefusedError(refusal) from refusal
        return gettext("coupon %(coupon)s.") % {"coupon": self.coupon}


class IssueForm(GivingForm):
    """The customer who gets a coupon of a series, and the reason."""

    action = "issue coupon of series"

    customer = forms.CharField(
        max_length=250,
        widget=UnfoldAdminTextInputWidget,
        help_text="Mobile, e-mail, id, external id or card number of one customer.",
    )

    field_order = ("customer", "reason")

    def __init__(self, *args: Any, series: CouponSeries, request: HttpRequest, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, subject=series.pk, by=by, **kwargs)
        self.series, self.request = series, request

    def clean_customer(self) -> Customer:
        """The only customer in sight that the text means."""
        found = matching_customers(self.request, read_code(self.cleaned_data["customer"]))
        if len(found) != 1:
            raise forms.ValidationError(
                gettext("No customer is known by this.") if not found else gettext("Several customers are meant by this.")
            )
        customer: Customer = Customer.objects.select_related("merged_into").get(pk=found.pop())
        return customer.merged_into or customer

    def customer_and_series(self) -> tuple[Customer, CurrentSeries]:
        return self.cleaned_data["customer"], current_series(self.series.pk)


class CustomerCouponForm(GivingForm):
    """The series of a coupon that a customer gets, and the reason."""

    series = forms.ChoiceField(widget=UnfoldAdminSelectWidget())

    field_order = ("series", "reason")

    def __init__(self, *args: Any, customer: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, subject=customer.pk, by=by, **kwargs)
        self.customer = customer
        offered: Any = self.fields["series"]
        offered.choices = [
            (str(current.series.pk), f"{current.terms.name or current.series.code} ({current.series.code})")
            for current in issuing_series(by.organization)
        ]

    @property
    def has_series(self) -> bool:
        """False if no series issues coupons."""
        offered: Any = self.fields["series"]
        return bool(offered.choices)

    def customer_and_series(self) -> tuple[Customer, CurrentSeries]:
        return self.customer, current_series(int(self.cleaned_data["series"]))


def current_series(pk: int) -> CurrentSeries:
    """A series with its newest terms."""
    return current_configuration().part(load_series).by_id[pk]


class GenerateForm(ActionForm):
    """The number of codes to generate."""

    count = WholeNumberField(
        label="Codes",
        min_value=1,
        max_value=MOST_CODES,
        help_text="Printed codes belong to nobody until the first customer redeems one.",
    )

    run_made: CodeRun

    def __init__(self, *args: Any, series: CouponSeries, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.series, self.by = series, by

    def act(self) -> None:
        self.run_made = request_codes(self.series, count=self.cleaned_data["count"], by=self.by)


class _CouponForm(ActionForm):
    """The reason for a change of a coupon."""

    refusals = (CouponStateError,)

    reason = ReasonField(help_text="Kept in the history.")

    def __init__(self, *args: Any, coupon: Coupon, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coupon, self.by = coupon, by


class ReactivateForm(_CouponForm):
    """The reason for taking a redemption of a coupon back: the latest one when the form was opened."""

    redemption = WholeNumberField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        latest = CouponRedemption.objects.filter(coupon=self.coupon, reversals=None).order_by("-pk").first()
        self.initial = {**self.initial, "redemption": latest.pk if latest else 0}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "redemption" in self.errors:
            # The field is hidden: its error would not be seen.
            del self.errors["redemption"]
            self.add_error(None, gettext("This page is incomplete. Open it again."))
        return cleaned

    @transaction.atomic
    def act(self) -> None:
        named = self.cleaned_data["redemption"]
        if not CouponRedemption.objects.filter(coupon=self.coupon, pk=named).exists():
            raise CouponStateError(gettext("The coupon has no redemption that could be taken back."))
        reactivate_coupon(str(named), by=self.by, reason=self.cleaned_data["reason"])


class ExpireForm(_CouponForm):
    """The reason for ending the validity of a coupon."""

    @transaction.atomic
    def act(self) -> None:
        expire_coupon(self.coupon, by=self.by, reason=self.cleaned_data["reason"])
