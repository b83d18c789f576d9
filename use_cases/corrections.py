"""Corrections of a customer by staff: the profile at once, replaced identifiers by request (docs/protocol.md 4.3).

A call of a till may lose a value with a warning. A correction is made as a whole or not at all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db import transaction

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import IdentityChange
from customers.identity_requests.services import CONSTRAINTS as REQUEST_CONSTRAINTS
from customers.profile.models import Customer
from customers.registration.context import InputContext
from customers.registration.input import CustomerInput
from customers.registration.unit_of_work import open_batch
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.audit.actors import Actor
from use_cases.identity import request_change
from use_cases.registration import CONSTRAINTS as REGISTRATION_CONSTRAINTS
from use_cases.registration import Registration, register_customer, update_customer

CONSTRAINTS: Final[Mapping[str, Code]] = {**REGISTRATION_CONSTRAINTS, **REQUEST_CONSTRAINTS}
# Warnings about the state of programs, points and answers. No other value would avoid them, so the correction is stored.
_NOT_ABOUT_VALUES: Final[Collection[CodeTable]] = frozenset(
    {
        Code.POINTS_NOT_UPDATED,
        Code.SUBSCRIPTIONS_UNAVAILABLE,
        Code.SURVIVOR_RETRIEVED,
        *(code for code in Code if 1086 <= code <= 1099),
    }
)


class ValuesRefusedError(Exception):
    """Values that a till's call would lose with a warning: `notices`, each with its key. Nothing was stored."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        super().__init__(", ".join(notice.text for notice in notices))
        self.notices = notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Result: the customer as stored, the identity requests that were made, and warnings about programs and points.

    `is_stored` is False if only requests were made.
    """

    customer: Customer
    is_stored: bool = True
    requests: Sequence[IdentityRequest] = ()
    notices: Sequence[Notice] = ()


@transaction.atomic
def add_customer(customer_input: CustomerInput, *, context: InputContext, by: Actor) -> Correction:
    """Register a new customer. A known one is refused (1014).

    Raises `ValuesRefusedError`, and what `register_customer` raises.
    """
    return _whole(register_customer(customer_input, context=context, by=by))


@transaction.atomic
def correct_customer(
    customer: Customer,
    customer_input: CustomerInput | None,
    *,
    changes: Sequence[IdentityChange] = (),
    context: InputContext,
    by: Actor,
) -> Correction:
    """Update the customer by the input, if there is one, and request the changes of identifiers.

    A request that the organization's policy approves takes effect at once. Raises `ValuesRefusedError`, `LoyaltyError` (with
    the kind of identifier as its key for a refused request), and `django.db` errors for locks (55P03) and broken constraints
    (`CONSTRAINTS`); nothing was stored then.
    """
    _lock(customer, customer_input, changes, context)
    correction = Correction(customer=customer, is_stored=False)
    if customer_input is not None:
        correction = _whole(update_customer(customer_input, context=context, by=by))
    return replace(correction, requests=[_request(change, context=context, by=by) for change in changes])


def _lock(
    customer: Customer, customer_input: CustomerInput | None, changes: Sequence[IdentityChange], context: InputContext
) -> None:
    """Take the locks of all steps in their order: every identifier, then the customers."""
    new = {change.kind.value: change.new_value for change in changes}
    old = {change.kind.value: change.old_value for change in changes}
    filled = customer_input.identifiers if customer_input is not None else {}
    inputs = [
        CustomerInput(customer=Customer(source=""), identifiers=identifiers, customer_id=customer.pk)
        for identifiers in ({**filled, **new}, old)
    ]
    open_batch(inputs, organization=context.organization, policy=context.policy)


def _request(change: IdentityChange, *, context: InputContext, by: Actor) -> IdentityRequest:
    try:
        return request_change(change, context=context, by=by, is_known=True)
    except LoyaltyError as refusal:
        raise LoyaltyError(refusal.code, x=refusal.x, key=change.kind) from refusal


def _whole(registration: Registration) -> Correction:
    """The registration as a correction. Raises `ValuesRefusedError` if it lost a value."""
    lost = [notice for notice in registration.notices if notice.code not in _NOT_ABOUT_VALUES]
    if lost:
        raise ValuesRefusedError(lost)
    return Correction(customer=registration.customer, notices=registration.notices)


def replaced_kinds(customer_input: CustomerInput, current: Mapping[str, str]) -> dict[Identifier.Kind, str]:
    """The identifiers of the input that replace a `current` one, by kind."""
    return {
        Identifier.Kind(kind): value
        for kind, value in customer_input.identifiers.items()
        if current.get(kind) not in {None, value}
    }
