"""The requests to change identifiers on a customer's page: the pending ones, and a table of the latest."""

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.services import requests_about
from customers.profile.models import Customer
from organizations.back_office.columns import is_in_sight, link_to, name_of
from organizations.back_office.history import actor_label
from organizations.back_office.tables import Table, badge, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 10
_TONES: Final[Mapping[str, str]] = {IdentityRequest.Status.APPROVED: "good", IdentityRequest.Status.REJECTED: "bad"}


def identity_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest requests about the customer; None without requests or permission. One query."""
    if not seen_by.has_perm("customers.view_identityrequest"):
        return None
    requests = requests_about(customer).select_related("customer", "other")[:SHOWN]
    # Those of customers of other stores would show the identifiers of these.
    rows = [_row(request, customer) for request in requests if is_in_sight(request.customer)]
    if not rows:
        return None
    link = f"{reverse('admin:customers_identityrequest_changelist')}?customer={customer.pk}"
    return table("Identity requests", ("Change", "Status", "Requested", "Decided"), rows, link=link)


def pending_requests(customer: Customer) -> list[IdentityRequest]:
    """The pending requests about the customer that the current user may see; at most ten, the newest first. One query."""
    pending = requests_about(customer).filter(status=IdentityRequest.Status.PENDING)
    return [request for request in pending.select_related("customer", "other")[:SHOWN] if is_in_sight(request.customer)]


def _row(request: IdentityRequest, customer: Customer) -> list[Any]:
    decided = with_note(request.decided_on, actor_label(request.decided_by)) if request.decided_on else None
    return [
        with_note(link_to(request, f"{request.old_text} → {request.new_text}"), _merges(request, customer)),
        badge(request.get_status_display(), _TONES.get(request.status, "")),
        with_note(request.requested_on, actor_label(request.requested_by)),
        decided and format_html("<span>{} {}</span>", decided, request.reason),
    ]


def _merges(request: IdentityRequest, customer: Customer) -> str:
    """The merge that approval means, as seen from the customer's page; "" for none."""
    if request.other_id == customer.pk:
        return gettext("merges into %(customer)s") % {"customer": request.customer}
    return gettext("merges %(other)s") % {"other": name_of(request.other)} if request.other else ""
