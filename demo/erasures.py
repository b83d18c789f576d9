"""The erasure of one demo customer, by the use case of staff."""

from collections.abc import Sequence
from typing import Final

from customers.erasure.models import Erasure
from customers.profile.models import Customer
from organizations.audit.actors import staff_actor
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from use_cases.erasure import erase_customer

ERASER: Final = "maya"
_BASIS: Final = "Request 2026-17, by letter"


def erase_demo_customer(registered: Sequence[Customer], *, organization: Organization) -> Erasure | None:
    """Erase one of these customers; None if one is erased already, by an older edition or a user. Call it in a transaction."""
    if Erasure.objects.exists() or not registered:
        return None
    by = staff_actor(StaffMember.objects.get(organization=organization, username=ERASER), organization)
    unmerged = Customer.objects.filter(pk__in=[customer.pk for customer in registered], merged_into=None, merges=None)
    leaver = unmerged.order_by("-pk").first()
    return None if leaver is None else erase_customer(leaver.pk, basis=_BASIS, by=by)
