"""Requests to change an identifier: locks, rows and audit.

Locks are taken in the order of `registration.unit_of_work`: both values, their customers by id, then the request. The
constraint `identity_request_one_pending` and the trigger `decided_requests_stay` back them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from customers.identifiers.models import Identifier
from customers.identifiers.owners import owners_of
from customers.identifiers.rules import is_exclusive
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import IdentityChange
from customers.profile.models import Customer
from customers.registration.changes import touch
from customers.registration.input import CustomerInput
from customers.registration.state import CustomerState, Release
from customers.registration.unit_of_work import CustomerBatch, open_batch
from customers.webhook_events import announce_changes
from loyalty_project.db.locks import lock
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.staff.reach import OutOfReachError

Status = IdentityRequest.Status
Type = IdentityRequest.Type
NOUN: Final = "identityrequest"
DECIDE_PERMISSION: Final = "customers.decide_identityrequest"
# Codes of violated constraints: values that may be shared have no locks.
CONSTRAINTS: Final[Mapping[str, Code]] = {"identity_request_one_pending": Code.CHANGE_REQUEST_PENDING}


@dataclass(slots=True, kw_only=True)
class ValueOwners:
    """The customers who have the old value (`owner`) and the new one (`other`), locked; None without one."""

    batch: CustomerBatch
    owner: CustomerState | None
    other: CustomerState | None

    @property
    def customer(self) -> Customer:
        """The owner of the old value, whose presence the caller has checked."""
        assert self.owner is not None  # noqa: S101
        return self.owner.customer


def lock_owners(kind: str, old_value: str, new_value: str, *, customer_id: int | None = None, by: Actor) -> ValueOwners:
    """Lock both values and their customers. With `customer_id` only that customer may be the owner of the old value.

    An old value that several customers share has no owner, as in every look-up. A new value has an `other` only if it is the
    current one of a customer and may not be shared. Raises `django.db.OperationalError` if a lock is not free in time.
    """
    organization, policy = by.organization, by.organization.policy
    if customer_id is None and not is_exclusive(kind, policy):
        owner_of_old = owners_of(kind, [old_value], policy).get(old_value)
        customer_id = owner_of_old.customer_id if owner_of_old else None
    inputs = [_input(kind, old_value, customer_id), _input(kind, new_value, None)]
    batch = open_batch(inputs, organization=organization, policy=policy)
    owner = batch.by_value.get((kind, old_value)) if customer_id is None else batch.by_id.get(customer_id)
    if owner is not None and owner.identifiers.get(kind) != old_value:
        owner = None
    other = batch.by_value.get((kind, new_value))
    return ValueOwners(batch=batch, owner=owner, other=None if other is owner else other)


def is_pending(kind: str, new_value: str) -> bool:
    """True if a pending request asks for this value."""
    return IdentityRequest.objects.filter(kind=kind, new_value=new_value, status=Status.PENDING).exists()


def store_request(
    change: IdentityChange,
    *,
    state: CustomerState,
    other: CustomerState | None,
    by: Actor,
    now: datetime,
    approved_by: str = "",
) -> IdentityRequest:
    """Store the change as a request: pending, or approved if `approved_by` names who approved it."""
    request = IdentityRequest.objects.create(
        organization=by.organization,
        customer=state.customer,
        type=Type.MERGE if other else Type.CHANGE_IDENTIFIER,
        kind=change.kind,
        old_value=change.old_value,
        new_value=change.new_value,
        other=other.customer if other else None,
        status=Status.APPROVED if approved_by else Status.PENDING,
        requested_on=now,
        requested_by=by.name,
        source=by.source,
        till=by.till,
        store=by.store,
        comments=change.comments,
        decided_on=now if approved_by else None,
        decided_by=approved_by,
    )
    names = ("type", "kind", "old_value", "new_value", "status", "comments", "decided_by")
    values = {"customer": state.customer.pk, **{name: value for name in names if (value := getattr(request, name))}}
    record_changes([Change(action="requested", object_type=NOUN, object_id=request.pk, new=values)], by=by)
    return request


def lock_request(pk: int) -> IdentityRequest:
    """The request, locked. Raises `IdentityRequest.DoesNotExist`."""
    return lock(IdentityRequest.objects.filter(pk=pk)).get()


def close_request(request: IdentityRequest, status: Status, *, reason: str, by: Actor, now: datetime) -> None:
    """Decide a pending request. Call it under the lock of the request."""
    request.status, request.reason = status, reason
    request.decided_by, request.decided_on = by.name, now
    request.save(update_fields=["status", "reason", "decided_by", "decided_on"])
    new = {"status": str(status), **({"reason": reason} if reason else {})}
    record_changes(
        [Change(action=status.label, object_type=NOUN, object_id=request.pk, old={"status": "PENDING"}, new=new)], by=by
    )


def give_value(request: IdentityRequest, owners: ValueOwners, *, by: Actor, now: datetime) -> None:
    """Replace the customer's old value, which is kept as a former one."""
    state = owners.batch.by_id[request.customer_id]
    owners.batch.set_identifier(state, request.kind, request.new_value)
    touch(state, now)
    owners.batch.write(by=by)


def free_old_value(request: IdentityRequest) -> None:
    """Make the old value a former one, before a merge brings the new one. Call it under the locks of both customers."""
    current = Identifier.objects.filter(customer=request.customer_id, kind=request.kind, state=Identifier.State.CURRENT)
    current.update(state=Identifier.State.FORMER, exclusive=False)


class ReleaseRefusedError(ValueError):
    """The value cannot be released. The text is the reason, for users."""


def release_identifier(kind: str, value: str, *, customer_id: int, reason: str, by: Actor) -> None:
    """Release a value that the customer only inherited by a merge: it no longer finds the customer, and anybody may have it.

    It stays as a former one in the customer's history. Call it in a transaction. Raises `OutOfReachError` for staff who may not
    decide requests or do not see the customer, `ReleaseRefusedError` if the customer has no such inherited value (any more),
    and `django.db.OperationalError` for locks (55P03, 40001).
    """
    batch = open_batch([_input(kind, value, customer_id)], organization=by.organization, policy=by.organization.policy)
    heir = batch.by_id.get(customer_id)
    if heir is None or (kind, value) not in heir.inherited:
        raise ReleaseRefusedError("This value does not come from a merged customer any more.")
    if not (by.may(DECIDE_PERMISSION) and by.covers(heir.customer.registered_store_id)):
        raise OutOfReachError
    batch.release(Release(heir=heir, kind=kind, value=value, reason=reason))
    batch.write(by=by)


def record_new_value(request: IdentityRequest, *, by: Actor) -> None:
    """Record in the customer's history that the new value replaced the old one."""
    old, new = {request.kind: request.old_value}, {request.kind: request.new_value}
    change = Change(action="updated", object_type="customer", object_id=request.customer_id, old=old, new=new)
    record_changes([change], by=by)
    announce_changes([change], organization=by.organization)


def requests_about(customer: Customer) -> QuerySet[IdentityRequest]:
    """Requests for this customer, and requests that would merge this customer into another; the newest first."""
    about = Q(customer=customer) | Q(other=customer)
    return IdentityRequest.objects.filter(about).order_by("-pk")


def _input(kind: str, value: str, customer_id: int | None) -> CustomerInput:
    """An input that only names a customer."""
    return CustomerInput(customer=Customer(source=""), identifiers={kind: value}, customer_id=customer_id)
