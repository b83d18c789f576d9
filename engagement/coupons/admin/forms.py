"""Forms of coupon pages."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.search.admin import matching_customers
from engagement.coupons.catalog import load_series
from engagement.coupons.generation import MOST_CODES, request_codes
from engagement.coupons.issuing import give_coupon
from engagement.coupons.models import CodeRun, Coupon, CouponRedemption, CouponSeries
from engagement.coupons.reactivating import CouponStateError, expire_coupon, reactivate_coupon
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.plain_text import read_code
from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm, ReasonField, WholeNumberField
from organizations.configuration import current_configuration

# What a refusal means to staff, by its code.
_SENTENCES = {
    712: "The series is switched off, is over, or has issued all its coupons.",
    722: "The customer has all the coupons that the series allows.",
    742: "The customer's status forbids coupons.",
    750: "The customer is marked as fraud.",
}


class IssueForm(ActionForm):
    """The customer who gets a coupon, and the reason."""

    refusals = (CouponStateError,)

    customer = forms.CharField(
        max_length=250,
        widget=UnfoldAdminTextInputWidget,
        help_text="Mobile, e-mail, id, external id or card number of one customer.",
    )
    reason = ReasonField(help_text="Kept in the history.")

    coupon: Coupon

    def __init__(self, *args: Any, series: CouponSeries, request: HttpRequest, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.series, self.request, self.by = series, request, by

    def clean_customer(self) -> Customer:
        """The only customer in sight that the text means."""
        found = matching_customers(self.request, read_code(self.cleaned_data["customer"]))
        if len(found) != 1:
            raise forms.ValidationError(
                "No customer is known by this." if not found else "Several customers are meant by this."
            )
        customer: Customer = Customer.objects.select_related("merged_into").get(pk=found.pop())
        return customer.merged_into or customer

    @transaction.atomic
    def act(self) -> None:
        customer = lock_customer(self.cleaned_data["customer"].pk)
        current = current_configuration().part(load_series).by_id[self.series.pk]
        try:
            self.coupon = give_coupon(customer, current, by=self.by, reason=self.cleaned_data["reason"])
        except LoyaltyError as refusal:
            raise CouponStateError(_SENTENCES.get(int(refusal.code), refusal.sentence)) from refusal


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
    """The reason for taking the latest redemption of a coupon back."""

    @transaction.atomic
    def act(self) -> None:
        latest = CouponRedemption.objects.filter(coupon=self.coupon, reversals=None).order_by("-pk").first()
        if latest is None:
            raise CouponStateError("The coupon has no redemption that could be taken back.")
        reactivate_coupon(str(latest.pk), by=self.by, reason=self.cleaned_data["reason"])


class ExpireForm(_CouponForm):
    """The reason for ending the validity of a coupon."""

    @transaction.atomic
    def act(self) -> None:
        expire_coupon(self.coupon, by=self.by, reason=self.cleaned_data["reason"])
