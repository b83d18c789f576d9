"""Points accounts with their totals, and the page on which staff adjust points."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from engagement.adjustments.accounts import settle_account
from engagement.adjustments.admin.form import AdjustmentForm
from engagement.adjustments.staff import limit_for, may_adjust
from engagement.back_office import LoyaltyRowsAdmin, points_column
from engagement.points.balances import read_balances
from engagement.points.entries import latest_entries
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from engagement.programs.admin.filters import ProgramFilter
from loyalty_project import clock
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import NamedFilter, Rows
from organizations.back_office.pages import page_of, row_page
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

ENTRIES_SHOWN = 25


class MovedFilter(NamedFilter):
    """Accounts whose points a merge has moved to another account are hidden unless asked for."""

    title, parameter_name = "merges", "history"
    options = {
        "yes": ("moved by a merge", lambda rows: rows.exclude(moved_to=None)),
        "all": ("all accounts", lambda rows: rows),
    }

    @staticmethod
    def unfiltered(rows: Rows) -> Rows:
        return rows.filter(moved_to=None)


class AccountsAdmin(LoyaltyRowsAdmin):
    """The base of pages whose rows are points accounts. What is due on the accounts shown is settled first."""

    related = ("customer", "program")
    fields = ()
    change_form_outer_before_template = "back_office/points_account.html"  # type: ignore[assignment]  # see the base class

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, after what is due on the accounts shown is settled."""
        changelist: Any = super().get_changelist_instance(request)
        if _settle(changelist.result_list):
            changelist.get_results(request)
        return changelist

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        account: PointsAccount = context["original"]
        balances = read_balances([account.customer_id], organization=self.organization_behind(account))
        # None while the points still have to follow a membership that a merge has moved.
        context["balance"] = balances.of_customer(account.customer_id).get(account.program_id)
        context["entries"] = latest_entries(account.customer, limit=ENTRIES_SHOWN, account=account)
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(PointsAccount)
class PointsAccountAdmin(AccountsAdmin):
    """Points accounts. Only the ledger writes them; an adjustment adds an entry on a page of its own."""

    list_display = (
        "customer_link", "program", "balance_display", "promised_display", "lifetime_display", "redeemed_display",
        "expired_display", "returned_display", "adjusted_display", "visits",
    )  # fmt: skip
    phone_lines = (("customer_link", "balance_display"), ("program",))
    list_display_links = ("balance_display",)
    list_filter = (ProgramFilter, MovedFilter)
    actions_detail: Sequence[str] = ("adjust",)  # type: ignore[assignment]  # see the base class

    balance_display = points_column("balance", "Balance")
    promised_display = points_column("promised", "Promised")
    lifetime_display = points_column("lifetime", "Earned")
    redeemed_display = points_column("redeemed", "Redeemed")
    expired_display = points_column("expired", "Expired")
    returned_display = points_column("returned", "Returned")
    adjusted_display = points_column("adjusted", "Adjusted")

    def has_adjust_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True if the current user adjusts points."""
        return may_adjust(request)

    @row_page("Adjust points", address="adjust", icon="exposure", permission="adjust", opens_dialog=True)
    def adjust(self, request: HttpRequest, account: PointsAccount) -> HttpResponse:
        """The page that adds or takes points, with a reason."""
        organization = self.organization_behind(account)
        settle_account(account, organization=organization)
        form = AdjustmentForm(
            request.POST or None,
            account=account,
            by=actor_of(request, organization),
            limit=limit_for(request, organization),
        )
        if form.run():
            form.report(request, account.customer)
            return HttpResponseRedirect(page_of(account.customer))
        title = gettext("Adjust points: %(customer)s") % {"customer": account.customer}
        return self.answer_page(
            request,
            "back_office/adjust_points.html",
            title=title,
            original=account,
            account=account,
            balance=form.worth(account.balance),
            form=form,
            submit=gettext("Adjust points"),
        )


def _settle(accounts: Iterable[PointsAccount]) -> bool:
    """Settle the accounts that are due. True if there were any."""
    now = clock.now()
    due: defaultdict[int, set[int]] = defaultdict(set)
    for account in accounts:
        if account.due_at is not None and account.due_at <= now:
            due[account.organization_id].add(account.customer_id)
    for organization in Organization.objects.filter(pk__in=due) if due else ():
        with organization_scope(organization):
            settled_accounts(due[organization.pk], organization=organization)
    return bool(due)
