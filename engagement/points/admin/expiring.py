"""Members whose points expire soon."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Final

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_noop
from unfold.decorators import display

from engagement.back_office import points_column
from engagement.points.admin.account import AccountsAdmin
from engagement.points.expiring import Period, expiring_points, has_expiring_points, periods_of_notice
from engagement.points.models import ExpiringPoints
from engagement.programs.admin.filters import ProgramFilter
from engagement.programs.catalog import current_catalog
from engagement.programs.models import Membership
from loyalty_project import clock
from organizations.back_office.current_user import organization_of
from organizations.back_office.filters import NamedFilter, Rows
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

DAYS: Final = ("7", "30", "90")


class PeriodFilter(NamedFilter):
    """Points that expire within so many days; by default within the longest notice of their program."""

    title, parameter_name = "last day", "days"
    all_option = ["", gettext_noop("Within the days of notice")]
    options = {days: (f"Within {days} days", NamedFilter.unfiltered) for days in DAYS}

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        found = (has_expiring_points(periods, organization=shop) for shop, periods in periods_of(request, self.value()))
        return queryset.filter(reduce(or_, found, Q(pk__in=())))


def periods_of(request: HttpRequest, days: object) -> Iterator[tuple[Organization, list[Period]]]:
    """The periods of the programs of the page's organization; for operators those of all organizations."""
    own = organization_of(request)
    for organization in [own] if own else Organization.objects.all():
        today = clock.now().astimezone(organization.zone).date()
        chosen = int(str(days)) if days in DAYS else None
        with organization_scope(organization):
            yield organization, periods_of_notice(current_catalog().active, on=today, days=chosen)


@admin.register(ExpiringPoints)
class ExpiringPointsAdmin(AccountsAdmin):
    """Accounts with points that expire soon, those first on which something is due first."""

    list_display = ("customer_link", "program", "tier_label", "last_day", "first_points", "all_points")
    phone_lines = (("customer_link", "first_points"), ("program", "tier_label", "last_day"))
    list_display_links = None
    list_filter = (ProgramFilter, PeriodFilter)
    list_before_template = "back_office/expiring_points.html"  # type: ignore[assignment]  # see the base class

    first_points = points_column("first_points", "Points that day")
    all_points = points_column("all_points", "Points in all")

    def get_ordering(self, request: HttpRequest) -> Any:  # noqa: ARG002 - Django's signature
        return ["due_at", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Accounts with the member's tier."""
        memberships = Membership.objects.filter(customer=OuterRef("customer"), program=OuterRef("program"))
        accounts: Any = super().get_queryset(request)
        with_tier: QuerySet[Any] = accounts.annotate(tier=Subquery(memberships.values("tier__name")[:1]))
        return with_tier

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the points that expire of the accounts on the page."""
        changelist: Any = super().get_changelist_instance(request)
        found: defaultdict[int, list[tuple[date, Decimal]]] = defaultdict(list)
        for organization, periods in periods_of(request, changelist.params.get(PeriodFilter.parameter_name)):
            shown = [account.pk for account in changelist.result_list if account.organization_id == organization.pk]
            if shown:
                with organization_scope(organization):
                    for row in expiring_points(periods, organization=organization, accounts=shown):
                        found[row.account_id].append((row.last_day, row.points))
        changelist.result_list = sorted_by_day(changelist.result_list, found)
        return changelist

    @display(description="Tier")
    def tier_label(self, account: Any) -> str:
        """The tier's name; a dash in programs without tiers."""
        return account.tier or "–"

    @display(description="Last day")
    def last_day(self, account: Any) -> SafeString:
        """The first of the days on which points expire, with a link to the account."""
        page = reverse("admin:engagement_pointsaccount_change", args=[account.pk])
        return format_html('<a class="bo-link" href="{}">{}</a>', page, account.last_day.isoformat())


def sorted_by_day(accounts: Iterable[Any], found: dict[int, list[tuple[date, Decimal]]]) -> list[Any]:
    """The accounts of a page with the points that expire of each, the earliest day first."""
    rows = [account for account in accounts if found[account.pk]]
    for account in rows:
        days = found[account.pk]
        account.last_day, account.first_points = days[0]
        account.all_points = sum(points for _, points in days)
    return sorted(rows, key=lambda account: (account.last_day, account.pk))
