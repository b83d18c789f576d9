"""Coupon series: their terms in sentences, and all versions."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import display

from engagement.coupons import descriptions
from engagement.coupons.admin.forms import GenerateForm, IssueForm
from engagement.coupons.models import CouponSeries, CouponSeriesVersion
from engagement.coupons.rules import SeriesTerms
from organizations.audit.models import AuditEntry
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import Column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.back_office.tables import table
from organizations.organization_file.differences import differences


def _terms_column(title: str, show: Any) -> Column:
    """A column of what `show` says of the newest terms, in the organization's currency."""

    @display(description=title)
    def column(page: "SeriesAdmin", series: CouponSeries) -> str:
        return str(show(page.terms_of(series), page.organization_behind(series).currency) or "–")

    return column  # type: ignore[no-any-return]  # Unfold's decorator is not typed


@admin.register(CouponSeries)
class SeriesAdmin(ReadOnlyAdmin):
    """Coupon series. Their terms are changed in the organization file."""

    related = ("organization",)
    fields = (
        "code", "name", "state_label", "external_id", "description", "discount", "discount_code", "validity", "use", "limits",
        "stores", "properties",
    )  # fmt: skip
    list_display = ("code", "name", "state_label", "discount", "validity", "limits")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("code",)
    change_form_outer_after_template = "back_office/table_below.html"  # type: ignore[assignment]  # see the base class

    name = _terms_column("Name", lambda terms, _currency: terms.name)
    description = _terms_column("Description", lambda terms, _currency: terms.description)
    discount = _terms_column("Discount", lambda terms, currency: descriptions.describe_discount(terms, currency=currency))
    discount_code = _terms_column("Discount code", lambda terms, _currency: terms.discount_code)
    validity = _terms_column("A coupon is good", lambda terms, _currency: descriptions.describe_validity(terms))
    use = _terms_column("It may be redeemed", lambda terms, currency: descriptions.describe_use(terms, currency=currency))
    limits = _terms_column("Limits", lambda terms, _currency: descriptions.describe_limits(terms))
    stores = _terms_column("Where", lambda terms, _currency: ", ".join(sorted(terms.stores)) or "everywhere")
    properties = _terms_column(
        "Properties", lambda terms, _currency: ", ".join(f"{name}: {value}" for name, value in terms.custom_properties.items())
    )

    actions_detail: Sequence[str] = ("issue", "generate")  # type: ignore[assignment]  # see the base class

    has_generate_permission = permission_check("engagement.generate_codes")
    has_issue_permission = permission_check("engagement.issue_coupon")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Series with their versions, the newest first."""
        return super().get_queryset(request).prefetch_related("versions")

    def terms_of(self, series: CouponSeries) -> SeriesTerms:
        """The terms of the newest version."""
        return series.versions.all()[0].typed_terms

    @display(description="State", label={"active": "success", "off": "danger"})
    def state_label(self, series: CouponSeries) -> str:
        """Active or off."""
        return "active" if series.is_active else "off"

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
            title=f"Issue a coupon: {series}",
            original=series,
            form=form,
            submit="Issue",
            intro="The customer gets a coupon of this series, dated now. No message is sent.",
        )

    @row_page("Generate codes", address="generate", icon="print", permission="generate", opens_dialog=True)
    def generate(self, request: HttpRequest, series: CouponSeries) -> HttpResponse:
        """The page that asks for codes to be printed."""
        form = GenerateForm(request.POST or None, series=series, by=actor_of(request, self.organization_behind(series)))
        if form.run():
            messages.success(request, "A worker generates the codes. This page shows how far it is whenever it is loaded.")
            return HttpResponseRedirect(page_of(form.run_made))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=f"Generate codes: {series}",
            original=series,
            form=form,
            submit="Generate",
            intro="Codes for printing, valid from now on by the terms of the series.",
        )

    def history_of(self, row: CouponSeries) -> QuerySet[AuditEntry]:
        """The audit entries about the series and its versions."""
        versions = CouponSeriesVersion.objects.filter(series=row).values("pk")
        about = Q(object_type="couponseries", object_id=row.pk)
        about |= Q(object_type="couponseriesversion", object_id__in=versions)
        return AuditEntry.objects.filter(about).order_by("-id")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        versions = list(context["original"].versions.all())
        context["table"] = table(
            "Versions",
            ("Version", "Made", "Changes"),
            [
                (version.number, version.made_at, "; ".join(differences("", before.terms, version.terms)) if before else "")
                for version, before in zip(versions, [*versions[1:], None], strict=True)
            ],
        )
        return super().render_change_form(request, context, *args, **kwargs)
