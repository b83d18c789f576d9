"""The start page: what waits for the current user, and to those who may see them the figures of the loyalty program."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from customers.back_office import identifier_line
from customers.profile.models import Customer
from engagement.figures import panels
from engagement.figures.charts import Chart
from engagement.figures.panels import Pyramid
from engagement.figures.periods import LENGTHS, Period
from engagement.figures.reading import last_refresh, last_whole_day, read_figures
from engagement.figures.shown import Shown
from engagement.figures.tiles import Tile, make_tiles
from engagement.programs.catalog import current_catalog
from organizations.back_office.columns import link_to
from organizations.back_office.current_user import member_of, organization_of, own_stores
from organizations.back_office.queues import count_queues, queue_label
from organizations.back_office.tables import Table, table
from organizations.locations.models import Store
from organizations.staff.reach import in_stores
from organizations.tenancy.models import Organization
from tickets.ticket.staff import count_ages
from use_cases.back_office import QUEUES

NEWEST: Final = 8
VIEW_FIGURES: Final = "engagement.view_figures"
_USUAL: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The figures of a period: everything that the page shows of them."""

    period: Period
    refreshed_at: datetime
    lengths: list[tuple[int, str]]
    stores: list[tuple[int, str]]
    store: int | None
    is_limited: bool
    tiles: list[Tile]
    today: str
    charts: list[Chart]
    pyramids: list[Pyramid]
    top_stores: Table | None


def fill_start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the start page, limited to what the current user may see. Called by Unfold (DASHBOARD_CALLBACK)."""
    member, organization = member_of(request), organization_of(request)
    # The page has a search box of its own, in place of that of the header.
    context["has_own_find"] = member.has_perm("customers.view_customer")
    counts = count_queues(request, QUEUES)
    context["queues"] = [(queue, queue_label(counts[queue])) for queue in QUEUES if counts.get(queue)]
    context["has_queues"] = bool(counts)
    context["organization"] = organization
    if organization is not None and member.has_perm(VIEW_FIGURES):
        context["sees_figures"] = True
        context["pulse"] = read_pulse(request, organization)
        context["ages"] = count_ages(request, timezone.localdate()) if member.has_perm("tickets.view_ticket") else []
    elif context["has_own_find"]:
        customers = admin.site.get_model_admin(Customer).get_queryset(request).filter(merged_into=None)
        context["newest"] = _newest_table(customers[:NEWEST])
    if member.is_superuser:
        context["organizations"] = _organizations_table()
    return context


def read_pulse(request: HttpRequest, organization: Organization) -> Pulse | None:
    """The figures that the address asks for (`days`, `store`); None before they were counted for the first time."""
    refresh = last_refresh()
    if refresh is None:
        return None
    own = own_stores(request)
    stores = list(in_stores(Store.objects.all(), own, "pk").order_by("name").values_list("pk", "name"))
    period = Period.ending(last_whole_day(refresh), _chosen_days(request))
    store_id = _chosen_store(request, dict(stores))
    seen = frozenset({store_id}) if store_id is not None else own
    figures, catalog = read_figures(period, stores=seen), current_catalog()
    shown = Shown(period, next(iter(seen)) if len(seen) == 1 else None, is_everywhere=not seen, currency=organization.currency)
    return Pulse(
        period=period,
        refreshed_at=refresh.finished_at,
        lengths=[(days, _address(days, store_id)) for days in LENGTHS],
        stores=stores if len(stores) > 1 else [],
        store=store_id,
        is_limited=bool(own),
        tiles=make_tiles(figures, shown, catalog=catalog),
        today=panels.describe_today(figures),
        charts=panels.make_charts(figures, shown),
        pyramids=panels.make_pyramids(figures.tiers, shown, catalog=catalog),
        top_stores=panels.make_stores_table(figures, shown) if len(seen) != 1 else None,
    )


def _chosen_days(request: HttpRequest) -> int:
    days = request.GET.get("days", str(_USUAL))
    if days in map(str, LENGTHS):
        return int(days)
    messages.warning(
        request,
        gettext("The figures are shown for %(lengths)s days. These are the %(usual)s days.")
        % {"lengths": ", ".join(map(str, LENGTHS)), "usual": _USUAL},
    )
    return _USUAL


def _chosen_store(request: HttpRequest, stores: Mapping[int, str]) -> int | None:
    asked = request.GET.get("store", "")
    chosen = next((pk for pk in stores if str(pk) == asked), None)
    if asked and chosen is None:
        messages.warning(request, gettext("The store of this address does not exist, or you may not see it."))
    return chosen


def _address(days: int, store_id: int | None) -> str:
    chosen = {"days": days} | ({"store": store_id} if store_id is not None else {})
    return f"{reverse('admin:index')}?{urlencode(chosen)}"


def _newest_table(customers: Iterable[Customer]) -> Table:
    rows = [
        (
            link_to(customer),
            identifier_line(customer),
            customer.registered_store,
            customer.registered_on,
        )
        for customer in customers
    ]
    return table(
        "Newest customers",
        ("Name", "Identifiers", "Store", "Registered on"),
        rows,
        link=reverse("admin:customers_customer_changelist"),
        link_text="All customers",
    )


def _organizations_table() -> Table:
    customers = reverse("admin:customers_customer_changelist")
    rows = [
        (
            link_to(organization),
            organization.code,
            format_html('<a class="bo-link" href="{}?organization={}">Customers</a>', customers, organization.pk),
        )
        for organization in Organization.objects.all()
    ]
    return table("Organizations", ("Organization", "Code", "Customers"), rows)
