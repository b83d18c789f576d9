"""What does a customer's page tell of requests to change identifiers? The latest ones, and how they were decided."""

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


def identity_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Panel | None:  # noqa: ARG001 - as every panel
    """The latest requests about the customer, None where there are none or they are not for these eyes. One query."""
    if not seen_by.has_perm("customers.view_identityrequest"):
        return None
    found: Sequence[IdentityRequest] = list(requests_about(customer).select_related("customer", "other")[:SHOWN])
    if not found:
        return None
    rows = [{"request": one, "maker": actor_label(one.requested_by), "decider": actor_label(one.decided_by)} for one in found]
    return Panel("back_office/identity_requests.html", {"rows": rows, "customer": customer})
