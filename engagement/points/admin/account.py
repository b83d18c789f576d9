"""How many points has somebody in a program? The accounts with their figures, and the page on which staff adjust one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from engagement.back_office import CustomerRowsAdmin
from engagement.numbers.display import format_points
from engagement.points.admin.adjustment_form import AdjustmentForm
from engagement.points.entries import latest_entries
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from engagement.points.summary import program_summaries
from engagement.programs.admin.filters import ProgramFilter
from loyalty_project import clock
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.pages import page_action, page_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

ENTRIES_SHOWN = 25


class HistoryFilter(DropdownFilter):
    """Accounts that count, unless those are asked for whose points have moved to another one by a merge."""

    title = "history"
    parameter_name = "history"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("yes", "moved by a merge"), ("all", "all")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        if self.value() == "all":
            return queryset
        return queryset.filter(moved_to__isnull=self.value() != "yes")


@admin.register(PointsAccount)
class PointsAccountAdmin(CustomerRowsAdmin):
    """Points accounts. Only the ledger writes them; who may adjust points adds an entry on a page of its own."""

    related = ("customer", "program")
    fields = ()
    list_display = (
        "told_customer", "program", "balance", "promised", "lifetime", "redeemed", "expired", "returned", "adjusted", "visits",
    )  # fmt: skip
    list_display_links = ("balance",)
    list_filter = (ProgramFilter, HistoryFilter)
    actions_detail: Sequence[str] = ("adjust",)  # type: ignore[assignment]  # see the base class
    change_form_outer_before_template = "back_office/points_account.html"  # type: ignore[assignment]  # see the base class

    def has_adjust_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as Django's has_..._permission
        """Whether whoever is logged in may adjust points."""
        return member_of(request).has_perm("engagement.adjust_points")

    # --- the list

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What is due on the accounts that are shown is settled before they are."""
        changelist: Any = super().get_changelist_instance(request)
        if _settle(changelist.result_list):
            changelist.get_results(request)
        return changelist

    @display(description="To spend")
    def balance(self, account: PointsAccount) -> str:
        """What may be spent."""
        return format_points(account.balance)

    @display(description="Promised")
    def promised(self, account: PointsAccount) -> str:
        """What may not be spent yet."""
        return format_points(account.promised)

    @display(description="Earned in all")
    def lifetime(self, account: PointsAccount) -> str:
        """All that was ever credited by awards."""
        return format_points(account.lifetime)

    @display(description="Redeemed")
    def redeemed(self, account: PointsAccount) -> str:
        """What was spent, less what came back."""
        return format_points(account.redeemed)

    @display(description="Expired")
    def expired(self, account: PointsAccount) -> str:
        """What was lost."""
        return format_points(account.expired)

    @display(description="Returned")
    def returned(self, account: PointsAccount) -> str:
        """What returns of bills took back."""
        return format_points(account.returned)

    @display(description="Adjusted")
    def adjusted(self, account: PointsAccount) -> str:
        """What staff and imports added, less what they took."""
        return format_points(account.adjusted)

    # --- the page of one

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        account: PointsAccount = context["original"]
        standings = program_summaries(account.customer, organization=self.organization_behind(account))
        # None while points wait to follow a membership that a merge has moved.
        context["standing"] = next((one for one in standings if one.membership.program_id == account.program_id), None)
        context["entries"] = latest_entries(account.customer, limit=ENTRIES_SHOWN, account=account)
        return super().render_change_form(request, context, *args, **kwargs)

    @page_action("Adjust points", address="adjust", icon="exposure", permission="adjust")
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page on which points are added or taken, with a reason."""
        account = self.get_object(request, unquote(object_id))
        if account is None:
            return self.answer_unknown(request, object_id)
        if not self.has_adjust_permission(request, account):
            raise PermissionDenied
        organization = self.organization_behind(account)
        with work_for(request, organization):
            form = AdjustmentForm(request.POST or None, account=account, actor=actor_of(request, organization))
            if request.method == "POST" and form.is_valid() and form.save():
                messages.success(request, f"{account.customer}: {form.told()}.")
                return HttpResponseRedirect(page_of(account.customer))
            title, back = f"Adjust points: {account.customer}", page_of(account)
            return self.answer_page(
                request, "back_office/adjust_points.html", title=title, original=account, back=back, account=account, form=form
            )


def _settle(accounts: Iterable[PointsAccount]) -> bool:
    """Settle those that are due; whether there were any."""
    now = clock.now()
    due: defaultdict[int, set[int]] = defaultdict(set)
    for account in accounts:
        if account.due_at is not None and account.due_at <= now:
            due[account.organization_id].add(account.customer_id)
    for organization in Organization.objects.filter(pk__in=due) if due else ():
        with organization_scope(organization):
            settled_accounts(due[organization.pk], organization=organization)
    return bool(due)
