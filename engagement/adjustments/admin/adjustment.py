"""Adjustments of points: the list, pending ones first, and the pages that approve, reject and take back."""

from decimal import Decimal
from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from unfold.decorators import display

from customers.back_office import CustomerFilter, CustomerRowsAdmin
from engagement.adjustments.admin.form import AdjustmentDecisionForm, TakeBackForm
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.panels import state_of
from engagement.adjustments.services import obstacle_to
from engagement.adjustments.staff import limit_for, may_adjust
from engagement.adjustments.taking_back import left_of
from engagement.back_office import points_worth
from engagement.numbers.display import format_change
from engagement.points.models import PointsEntry
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.admin.filters import ProgramFilter
from engagement.programs.catalog import newest_versions
from organizations.audit.models import AuditEntry
from organizations.back_office.columns import value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.decisions import DecidingAdmin, Decision, DecisionForm
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.tenancy.models import Organization

Status = PointsAdjustment.Status
_TAKEN_BACK: Final = "taken back"
_COLORS: Final = {
    Status.PENDING.label: "warning",
    Status.DONE.label: "success",
    Status.REJECTED.label: "danger",
    _TAKEN_BACK: "info",
}


@admin.register(PointsAdjustment)
class PointsAdjustmentAdmin(DecidingAdmin, CustomerRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Adjustments, pending ones first. Nothing is edited: pages of their own decide, and take back."""

    related: ClassVar[tuple[str, ...]] = ("customer", "program", "entry__taken_back__entry")
    fields = ()
    list_display = ("points_label", "customer_link", "program", "state_label", "requested_on", "requested_by_label", "reason")
    phone_lines = (("points_label", "state_label"), ("customer_link", "reason", "requested_on"))
    list_display_links = ("points_label",)
    list_filter = (
        CustomerFilter,
        ("status", ChoiceFilter),
        ProgramFilter,
        ("requested_on", DayRangeFilter),
    )
    decision_template = "back_office/decide_adjustment.html"
    change_form_outer_before_template = "back_office/adjustment.html"  # type: ignore[assignment]  # see the base class

    points_label = value_column("points", "Points", format_change)
    requested_by_label = value_column("requested_by", "Made by", actor_label)

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True if the current user adjusts points."""
        return may_adjust(request)

    @display(description="State", label=dict(_COLORS))
    def state_label(self, adjustment: PointsAdjustment) -> str:
        """Pending, done, rejected or taken back."""
        return state_of(adjustment)

    def history_of(self, row: PointsAdjustment) -> QuerySet[AuditEntry]:
        """The audit entries about the adjustment, and those about its account that name it."""
        about = Q(object_type="pointsadjustment", object_id=row.pk)
        if row.entry is not None:
            accounts = {row.entry.account_id}
            if hasattr(row.entry, "taken_back"):
                accounts.add(row.entry.taken_back.entry.account_id)
            about |= Q(object_type="pointsaccount", object_id__in=accounts, new__adjustment=row.pk)
        return AuditEntry.objects.filter(about).order_by("-id")

    # --- one adjustment

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(self.decision_context(request, context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def decision_context(self, request: HttpRequest, row: PointsAdjustment) -> dict[str, Any]:
        organization = self.organization_behind(row)
        is_pending = row.status == Status.PENDING
        limit = limit_for(request, organization)
        return {
            "adjustment": row,
            "state": state_of(row),
            "requested_by": actor_label(row.requested_by),
            "decided_by": actor_label(row.decided_by),
            "obstacle": obstacle_to(row, limit=limit, by=actor_of(request, organization)) if is_pending else "",
            "may_decide": is_pending and self.has_decide_permission(request),
            "may_take_back": row.entry is not None and state_of(row) != _TAKEN_BACK and self.has_decide_permission(request),
        }

    # --- deciding

    def decision_subject(self, row: PointsAdjustment) -> str:
        return f"{row.customer}: {row}"

    def decision_form(self, request: HttpRequest, row: PointsAdjustment, decision: Decision) -> DecisionForm:
        organization = self.organization_behind(row)
        by = actor_of(request, organization)
        limit = limit_for(request, organization)
        return AdjustmentDecisionForm(request.POST or None, row=row, decision=decision, limit=limit, by=by)


def take_back_page(site_admin: Any, request: HttpRequest, entry: PointsEntry) -> HttpResponse:
    """The page that takes back the adjustment of a ledger entry."""
    organization = site_admin.organization_behind(entry)
    form = TakeBackForm(
        request.POST or None,
        entry=entry,
        limit=limit_for(request, organization),
        by=actor_of(request, organization),
    )
    customer = entry.account.customer
    if form.run():
        messages.success(request, f"{customer}: {form.summary()}")
        return HttpResponseRedirect(page_of(customer))
    page: HttpResponse = site_admin.answer_page(
        request,
        "back_office/take_back.html",
        title=gettext("Take back an adjustment: %(customer)s") % {"customer": customer},
        original=entry,
        entry=entry,
        customer=customer,
        left=left_of(entry),
        balance=_balance_after(entry, organization),
        form=form,
        submit=gettext("Take back"),
    )
    return page


def _balance_after(entry: PointsEntry, organization: Organization) -> str:
    """The balance that taking back leaves, at most: points that are given back may expire at once."""
    key = AccountKey(entry.account.customer_id, entry.account.program_id)
    states = settled_accounts([key.customer_id], organization=organization)
    balance = states[key].account.balance if key in states else Decimal(0)
    change = -left_of(entry) if entry.points > 0 else -entry.points
    rules = newest_versions()[key.program_id].typed_rules
    return points_worth(balance + change, rules=rules, currency=organization.currency)
