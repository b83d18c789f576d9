"""The start page: a search box, a few inexpensive figures, and the newest customers."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from customers.back_office import identifier_list
from customers.identity_requests.models import IdentityRequest
from customers.profile.models import Customer
from engagement.adjustments.staff import count_waiting
from organizations.back_office.columns import link_to
from organizations.back_office.counting import COUNTED, count_label
from organizations.back_office.current_user import organization_of
from organizations.back_office.tables import Table, table
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from referrals.rewards.staff import count_held
from webhooks.endpoints.services import count_paused

NEWEST: Final = 8


def fill_start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the start page, limited to what the current user may see. Called by Unfold (DASHBOARD_CALLBACK)."""
    user: Any = request.user
    figures = []
    # The page has a search box of its own, in place of that of the header.
    context["has_own_find"] = user.has_perm("customers.view_customer")
    if context["has_own_find"]:
        customers = admin.site.get_model_admin(Customer).get_queryset(request).filter(merged_into=None)
        figures.append(("Customers", bounded_count(customers), "group", "admin:customers_customer_changelist"))
        context["newest"] = _newest_table(customers[:NEWEST])
    if user.has_perm("customers.view_identityrequest"):
        requests = admin.site.get_model_admin(IdentityRequest).get_queryset(request)
        waiting = bounded_count(requests.filter(status=IdentityRequest.Status.PENDING))
        figures.append(("Pending identity requests", waiting, "swap_horiz", "admin:customers_identityrequest_changelist"))
    if user.has_perm("engagement.view_pointsadjustment") and (count := count_waiting(request)):
        figures.append(("Pending adjustments", count_label(count), "exposure", "admin:engagement_pointsadjustment_changelist"))
    if user.has_perm("referrals.view_reward") and (count := count_held(request)):
        held = "admin:referrals_reward_changelist"
        figures.append(("Rewards held for review", count_label(count), "card_giftcard", held))
    if user.has_perm("webhooks.view_endpoint") and (count := count_paused()):
        figures.append(("Webhooks paused after failures", count_label(count), "webhook", "admin:webhooks_endpoint_changelist"))
    shops: list[tuple[str, type[Any], str]] = [("stores", Store, "storefront"), ("tills", Till, "point_of_sale")]
    for noun, model, icon in shops:
        name = model._meta.model_name
        if user.has_perm(f"organizations.view_{name}"):
            rows = admin.site.get_model_admin(model).get_queryset(request).filter(is_active=True)
            figures.append((f"Active {noun}", bounded_count(rows), icon, f"admin:organizations_{name}_changelist"))
    context["figures"] = figures
    context["organization"] = organization_of(request)
    if user.is_superuser:
        context["organizations"] = _organizations_table()
    return context


def _newest_table(customers: Iterable[Customer]) -> Table:
    rows = [
        (
            link_to(customer),
            identifier_list({identifier.kind: identifier.value for identifier in customer.identifiers.all()}),
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


def bounded_count(rows: QuerySet[Any], limit: int = COUNTED) -> str:
    """The number of rows, or “more than” `limit`."""
    return count_label(rows.order_by().prefetch_related(None).values("pk")[: limit + 1].count(), limit)
