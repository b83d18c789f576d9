"""Panel of a customer's page: the latest requests to change identifiers."""

from collections.abc import Sequence
from typing import Final

from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.services import requests_about
from customers.profile.models import Customer
from organizations.back_office.history import actor_label
from organizations.back_office.panels import Panel
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 10


def identity_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Panel | None:  # noqa: ARG001 - signature of all panels
    """The latest requests about the customer; None without requests or permission. One query."""
    if not seen_by.has_perm("customers.view_identityrequest"):
        return None
    requests: Sequence[IdentityRequest] = list(requests_about(customer).select_related("customer", "other")[:SHOWN])
    if not requests:
        return None
    rows = [
        {"request": row, "maker": actor_label(row.requested_by), "decider": actor_label(row.decided_by)} for row in requests
    ]
    return Panel("back_office/identity_requests.html", {"rows": rows, "customer": customer})
