"""Requests of the demo's customers to change an identifier: invented, the same at every run.

They are made and decided by the use cases of tills and staff. New phone numbers are unused ones of `demo.customers`, new e-mail
addresses are at post.example.com.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import check_customer, read_change
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.state import CustomerState
from demo.customers import NUMBERS
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor, staff_actor, till_actor
from organizations.policies import Policy
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from use_cases.identity import approve_request, reject_request, request_change

MAKER, CHECKER = "ines", "tomas"
SEED: Final = 20_240_302
Kind = Literal["mobile", "email"]


@dataclass(frozen=True, slots=True)
class _Case:
    """A request and its decision ("" if pending). `is_taken`: the new value is another customer's."""

    kind: Kind
    comments: str = ""
    decision: Literal["", "approved", "rejected"] = ""
    reason: str = ""
    by_staff: bool = False
    is_taken: bool = False


_CASES: Final = (
    _Case("mobile", "New number, showed the old telephone", "approved", "Both numbers seen at the counter", by_staff=True),
    _Case("email", decision="approved"),
    _Case("mobile", decision="approved", reason="Called back on the old number"),
    _Case("email", "Changed employers", "approved", by_staff=True),
    _Case("mobile", decision="rejected", reason="Nobody answers at the old number"),
    _Case("email", decision="rejected", reason="The customer knows nothing of it"),
    _Case("mobile", decision="rejected", reason="Two people of one household, not one account", is_taken=True),
    _Case("mobile"),
    _Case("email"),
    _Case("mobile", "Says that both accounts are theirs", by_staff=True, is_taken=True),
    _Case("email", "Misspelt at the counter", by_staff=True),
    _Case("mobile"),
    _Case("email", is_taken=True),
    _Case("mobile"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoChange:
    """A requested change. `customer` is an index of the customers, `decision` approved, rejected or "" (pending)."""

    customer: int
    kind: Kind
    old_value: str
    new_value: str
    hours_ago: int
    by_staff: bool
    comments: str
    decision: str
    reason: str


def demo_changes(customers: Sequence[Mapping[str, str]], *, taken: Collection[str]) -> list[DemoChange]:
    """Changes for some customers, given by their current identifiers; the oldest first, at most one for each customer.

    `taken` are phone numbers that are in use. Fewer customers get fewer changes.
    """
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    free = [number for number in NUMBERS if number not in taken]
    numbers = iter(random.sample(free, len(free)))
    order = iter(random.sample(range(len(customers)), len(customers)))
    changes = []
    for index, case in enumerate(_CASES):
        customer = _next_with(case.kind, customers, order)
        other = _next_with(case.kind, customers, order) if case.is_taken else None
        if customer is None or (case.is_taken and other is None):
            break
        old_value = customers[customer][case.kind]
        if other is not None:
            new_value = customers[other][case.kind]
        else:
            new_value = next(numbers, "") if case.kind == "mobile" else _at_another_host(old_value)
        changes.append(
            DemoChange(
                customer=customer,
                kind=case.kind,
                old_value=old_value,
                new_value=new_value,
                hours_ago=(len(_CASES) - index) * 7 + random.randint(0, 6),
                by_staff=case.by_staff,
                comments=case.comments,
                decision=case.decision,
                reason=case.reason,
            )
        )
    return changes


def request_demo_changes(states: Sequence[CustomerState], *, by: Actor, now: datetime, kept: Collection[str] = ()) -> int:
    """Request changes for some customers and decide some of them, in the transaction of the caller; the number of requests.

    `states` are those after the registration. Decisions are dated as of this moment. Numbers that are `kept` for others are not
    taken. Does nothing if there are requests already.
    """
    if IdentityRequest.objects.exists():
        return 0
    organization, policy = by.organization, by.organization.policy
    changeable = [state for state in states if _may_change(state.customer, policy)]
    taken = {*kept, *Identifier.objects.filter(kind=Identifier.Kind.MOBILE).values_list("value", flat=True)}
    changes = demo_changes([state.identifiers for state in changeable], taken=taken)
    members = StaffMember.objects.filter(organization=organization)
    staff = {member.username: staff_actor(member, organization) for member in members}
    for change in changes:
        customer = changeable[change.customer].customer
        maker = staff[MAKER] if change.by_staff else _registering_till(customer, organization)
        _request(change, maker=maker, checker=staff[CHECKER], at=now - timedelta(hours=change.hours_ago))
    return len(changes)


def _next_with(kind: Kind, customers: Sequence[Mapping[str, str]], order: Iterator[int]) -> int | None:
    return next((index for index in order if kind in customers[index]), None)


def _at_another_host(email: str) -> str:
    return email.replace("@example.com", "@post.example.com")


def _request(change: DemoChange, *, maker: Actor, checker: Actor, at: datetime) -> None:
    context = replace(load_input_context([], by=maker), now=at)
    request = request_change(
        read_change(change.kind, change.old_value, change.new_value, context=context, comments=change.comments),
        context=context,
        by=maker,
        is_known=True,
    )
    if change.decision == "approved":
        approve_request(request.pk, reason=change.reason, by=checker)
    elif change.decision == "rejected":
        reject_request(request.pk, reason=change.reason, by=checker)


def _may_change(customer: Customer, policy: Policy) -> bool:
    try:
        check_customer(customer, policy)
    except LoyaltyError:
        return False
    return customer.registered_till is not None


def _registering_till(customer: Customer, organization: Organization) -> Actor:
    """The till where the customer registered, as an actor."""
    till = customer.registered_till
    assert till is not None  # noqa: S101 - `_may_change` requires it
    return till_actor(till, organization)
