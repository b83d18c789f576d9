"""How do the demo's requests to change identifiers come about? Asked and decided by the journeys that tills and staff use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from customers.identifiers.models import Identifier
from customers.identity_requests.rules import check_customer, read_change
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.state import CustomerState
from demo.identity_wishes import DemoWish, demo_wishes
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor, staff_actor
from organizations.audit.models import AuditEntry
from organizations.policies import Policy
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from use_cases.identity import approve_request, reject_request, request_change

MAKER, CHECKER = "ines", "tomas"


def ask_demo_changes(people: Sequence[CustomerState], *, by: Actor, now: datetime) -> int:
    """Ask for what some of these people want, and decide some of it, in the transaction of the caller; how many requests.

    `people` are as they registered. Decisions are dated as of this moment.
    """
    organization, policy = by.organization, by.organization.policy
    may_change = [one for one in people if _may_change(one.customer, policy)]
    taken = set(Identifier.objects.filter(kind=Identifier.Kind.MOBILE).values_list("value", flat=True))
    wishes = demo_wishes([one.identifiers for one in may_change], taken=taken)
    staff = {one.username: staff_actor(one, organization) for one in StaffMember.objects.filter(organization=organization)}
    for wish in wishes:
        customer = may_change[wish.person].customer
        maker = staff[MAKER] if wish.by_staff else _till_of(customer, organization)
        _work(wish, maker=maker, checker=staff[CHECKER], at=now - timedelta(hours=wish.hours_ago))
    return len(wishes)


def _work(wish: DemoWish, *, maker: Actor, checker: Actor, at: datetime) -> None:
    context = replace(load_input_context([], by=maker), now=at)
    request = request_change(
        read_change(wish.kind, wish.old_value, wish.new_value, context=context, comments=wish.comments),
        context=context,
        by=maker,
        is_known=True,
    )
    if wish.verdict == "approved":
        approve_request(request.pk, reason=wish.reason, by=checker)
    elif wish.verdict == "rejected":
        reject_request(request.pk, reason=wish.reason, by=checker)


def _may_change(customer: Customer, policy: Policy) -> bool:
    try:
        check_customer(customer, policy)
    except LoyaltyError:
        return False
    return customer.registered_till is not None


def _till_of(customer: Customer, organization: Organization) -> Actor:
    """The till where the customer registered, at work."""
    till = customer.registered_till
    assert till is not None  # noqa: S101 - `_may_change` has looked
    return Actor(organization=organization, source=AuditEntry.Source.API, name=f"till:{till.code}", till=till, store=till.store)
