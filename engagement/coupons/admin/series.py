"""Coupon series: their terms in sentences, all versions, and the form that changes them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from engagement.coupons.admin.forms import GenerateForm, IssueForm
from engagement.coupons.descriptions import describe_terms
from engagement.coupons.models import CouponSeries
from engagement.coupons.organization_file import COUPON_SERIES, COUPON_SERIES_SCHEMA, OWN_KEYS
from engagement.coupons.rules import SeriesTerms
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.back_office.schema_forms import Wording
from organizations.back_office.terms_pages import TermsPages, terms_column
from organizations.locations.models import Store
from organizations.organization_file.editing import EditableSection
from use_cases.organization_file import SECTIONS

# More are typed, one per line: a page of boxes helps nobody.
_MOST_BOXES: Final = 40
_LABELS: Final[Mapping[str, str]] = {
    "code": "Code",
    "external_id": "Number by which tills know it",
    "active": "Coupons may be issued and redeemed",
    "name": "Name",
    "description": "Description",
    "discount_type": "Discount",
    "discount_value": "How much",
    "max_discount": "At most so much money",
    "discount_code": "Discount code",
    "valid_days": "Good for so many days from its issue",
    "valid_till": "Or good until the day",
    "starts_on": "First day",
    "min_bill_amount": "Bills of at least",
    "redemptions_per_coupon": "How often a coupon may be redeemed",
    "stores": "At the stores",
    "max_coupons": "Most coupons in all",
    "max_per_customer": "Most coupons for each customer",
    "custom_properties": "Properties",
}
_HELPS: Final[Mapping[str, str]] = {
    "code": "It cannot be changed later.",
    "name": "Blank: the code.",
    "discount_code": "What tills know the discount by.",
    "valid_till": "Blank, like the days: without an end.",
    "redemptions_per_coupon": "Blank or 0: as often as wanted.",
    "stores": "None: everywhere.",
    "custom_properties": "One per line, like “colour: blue”. Write text that looks like a number in quotes.",
}
_WORDS: Final[Mapping[str, str]] = {"PERC": "a percentage of the bill", "FLAT": "an amount of money"}


@admin.register(CouponSeries)
class SeriesAdmin(TermsPages):
    """Coupon series: their terms, the form that changes them, coupons issued by hand and codes for printing."""

    editable = EditableSection(
        section=COUPON_SERIES, struct=COUPON_SERIES_SCHEMA, key="code", own_keys=OWN_KEYS, sections=SECTIONS
    )
    groups = {
        "Series": ("code", "name", "description", "active"),
        "What a coupon brings": ("discount_type", "discount_value", "max_discount", "discount_code"),
        "How long a coupon is good": ("valid_days", "valid_till", "starts_on"),
        "Where and how often it may be redeemed": ("min_bill_amount", "redemptions_per_coupon", "stores"),
        "How many coupons there are": ("max_coupons", "max_per_customer"),
        "For tills": ("external_id", "custom_properties"),
    }
    edit_permission = "engagement.edit_couponseries"
    noun = "coupon series"
    consequences = (
        "Coupons that were issued keep their terms and their last day. A series that is off, is over or has not begun by its"
        " newest terms lets none of its coupons be redeemed."
    )

    fields = (
        "code", "name", "state_label", "external_id", "description", "discount", "discount_code", "validity", "use", "limits",
        "stores", "properties",
    )  # fmt: skip
    list_display = ("code", "name", "state_label", "discount", "validity", "limits")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("code",)

    name = terms_column("Name")
    description = terms_column("Description")
    discount = terms_column("Discount")
    discount_code = terms_column("Discount code")
    validity = terms_column("A coupon is good")
    use = terms_column("It may be redeemed")
    limits = terms_column("Limits")
    stores = terms_column("Where")
    properties = terms_column("Properties")

    actions_detail: Sequence[str] = ("issue", "generate", "edit", "yaml")

    has_generate_permission = permission_check("engagement.generate_codes")
    has_issue_permission = permission_check("engagement.issue_coupon")

    def describe(self, terms: Mapping[str, Any], *, name: str, currency: str) -> Mapping[str, str]:
        return describe_terms(SeriesTerms.from_json(terms, code=name), currency=currency)

    def describe_own(self, shown: Mapping[str, Any]) -> Mapping[str, str]:
        return {
            "Number by which tills know it": str(shown.get("external_id", "")),
            "State": "active" if shown.get("active", True) else "off",
        }

    def wording(self, shown: Mapping[str, Any]) -> Wording:
        stores = Store.objects.filter(is_active=True).order_by("code").values_list("code", flat=True)[: _MOST_BOXES + 1]
        return Wording(
            labels=_LABELS,
            words=_WORDS,
            choices={"stores": list(stores)} if len(stores) <= _MOST_BOXES else {},
            helps=_HELPS,
            hidden=frozenset({"code"}) if shown else frozenset(),
        )

    @row_page("Issue a coupon", address="issue", icon="add_card", permission="issue", opens_dialog=True)
    def issue(self, request: HttpRequest, series: CouponSeries) -> HttpResponse:
        """The page that gives a customer a coupon of the series."""
        by = actor_of(request, self.organization_behind(series))
        form = IssueForm(request.POST or None, series=series, request=request, by=by)
        if form.run():
            form.report(request, form.cleaned_data["customer"])
            return HttpResponseRedirect(page_of(form.coupon or series))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=gettext("Issue a coupon: %(series)s") % {"series": series},
            original=series,
            form=form,
            submit=gettext("Issue"),
            intro=gettext("The customer gets a coupon of this series, dated now. No message is sent."),
        )

    @row_page("Generate codes", address="generate", icon="print", permission="generate", opens_dialog=True)
    def generate(self, request: HttpRequest, series: CouponSeries) -> HttpResponse:
        """The page that asks for codes to be printed."""
        form = GenerateForm(request.POST or None, series=series, by=actor_of(request, self.organization_behind(series)))
        if form.run():
            messages.success(
                request, gettext("A worker generates the codes. This page shows how far it is whenever it is loaded.")
            )
            return HttpResponseRedirect(page_of(form.run_made))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=gettext("Generate codes: %(series)s") % {"series": series},
            original=series,
            form=form,
            submit=gettext("Generate"),
            intro=gettext("Codes for printing, valid from now on by the terms of the series."),
        )
