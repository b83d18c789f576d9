"""Who has the values of a request to change an identifier, and how is the request kept? Locks, rows and their audit.

The order of the locks is that of the directory: both values, then their customers by id, then the request
(`loyalty_project.db.locks`). `identity_request_one_pending` and the trigger `decided_requests_stay` stand under them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from customers.identifiers.models import Identifier
from customers.identifiers.rules import is_exclusive
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import IdentityChange
from customers.profile.models import Customer
from customers.registration.changes import touch
from customers.registration.input import CustomerInput
from customers.registration.state import CustomerState
from customers.registration.unit_of_work import CustomerBatch, open_batch
from loyalty_project.db.locks import lock
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

Status = IdentityRequest.Status
Type = IdentityRequest.Type
NOUN: Final = "identityrequest"
# What a broken constraint means, should a race ever get past the locks, which values that may be shared do not have.
CONSTRAINTS: Final[Mapping[str, Code]] = {"identity_request_one_pending": Code.CHANGE_REQUEST_PENDING}


@dataclass(slots=True, kw_only=True)
class ValueOwners:
    """Who has the old value as theirs (`person`), and who else has the new one (`other`); None for nobody. Both are locked."""

    directory: CustomerBatch
    person: CustomerState | None
    other: CustomerState | None

    @property
    def customer(self) -> Customer:
        """Who has the old value; somebody must."""
        assert self.person is not None  # noqa: S101 - whoever goes on has looked
        return self.person.customer


def lock_owners(kind: str, old_value: str, new_value: str, *, customer_id: int | None = None, by: Actor) -> ValueOwners:
    """Lock both values and whoever has them. With `customer_id` nobody else can be meant by the old value.

    Of several customers with the old value (where it need not be unique) the first registered is meant, as in every lookup. A
    new value that may be shared is nobody else's. Raises `django.db.OperationalError` when a lock is not free in time.
    """
    organization, policy = by.organization, by.organization.policy
    if customer_id is None and not is_exclusive(kind, policy):
        customer_id = _first_with(kind, old_value)
    drafts = [_draft(kind, old_value, customer_id), _draft(kind, new_value, None)]
    directory = open_batch(drafts, organization=organization, policy=policy)
    found = directory.by_value.get((kind, old_value)) if customer_id is None else directory.by_id.get(customer_id)
    person = found if found is not None and found.identifiers.get(kind) == old_value else None
    other = directory.by_value.get((kind, new_value))
    return ValueOwners(directory=directory, person=person, other=None if other is person else other)


def is_pending(kind: str, new_value: str) -> bool:
    """Whether this value is asked for already, by whomever."""
    return IdentityRequest.objects.filter(kind=kind, new_value=new_value, status=Status.PENDING).exists()


def store_request(
    wish: IdentityChange, *, person: CustomerState, other: CustomerState | None, by: Actor, now: datetime, approved_by: str = ""
) -> IdentityRequest:
    """Keep the wish as a request: pending, or approved at once where `approved_by` says who did it."""
    request = IdentityRequest.objects.create(
        organization=by.organization,
        customer=person.customer,
        type=Type.MERGE if other else Type.CHANGE_IDENTIFIER,
        kind=wish.kind,
        old_value=wish.old_value,
        new_value=wish.new_value,
        other=other.customer if other else None,
        status=Status.APPROVED if approved_by else Status.PENDING,
        requested_on=now,
        requested_by=by.name,
        source=by.source,
        till=by.till,
        store=by.store,
        comments=wish.comments,
        decided_on=now if approved_by else None,
        decided_by=approved_by,
    )
    names = ("type", "kind", "old_value", "new_value", "status", "comments", "decided_by")
    told = {"customer": person.customer.pk, **{name: value for name in names if (value := getattr(request, name))}}
    record_changes([Change(action="requested", object_type=NOUN, object_id=request.pk, new=told)], by=by)
    return request


def lock_request(pk: int) -> IdentityRequest:
    """The request, locked. Raises `IdentityRequest.DoesNotExist`."""
    return lock(IdentityRequest.objects.filter(pk=pk)).get()


def close_request(request: IdentityRequest, status: Status, *, reason: str, by: Actor, now: datetime) -> None:
    """Decide a pending request, which is locked."""
    request.status, request.reason = status, reason
    request.decided_by, request.decided_on = by.name, now
    request.save(update_fields=["status", "reason", "decided_by", "decided_on"])
    new = {"status": str(status), **({"reason": reason} if reason else {})}
    record_changes(
        [Change(action=status.label, object_type=NOUN, object_id=request.pk, old={"status": "PENDING"}, new=new)], by=by
    )


def give_value(request: IdentityRequest, sides: ValueOwners, *, by: Actor, now: datetime) -> None:
    """Make the new value the customer's; the old one stays as a former one."""
    person = sides.directory.by_id[request.customer_id]
    sides.directory.set_identifier(person, request.kind, request.new_value)
    touch(person, now)
    sides.directory.write(by=by)


def release_value(request: IdentityRequest) -> None:
    """Make the old value a former one, before a merge brings the new one. Call it under the locks of both sides."""
    current = Identifier.objects.filter(customer=request.customer_id, kind=request.kind, state=Identifier.State.CURRENT)
    current.update(state=Identifier.State.FORMER, exclusive=False)


def record_new_value(request: IdentityRequest, *, by: Actor) -> None:
    """Tell the customer's history that the new value came in place of the old one."""
    old, new = {request.kind: request.old_value}, {request.kind: request.new_value}
    told = Change(action="updated", object_type="customer", object_id=request.customer_id, old=old, new=new)
    record_changes([told], by=by)


def requests_about(customer: Customer) -> QuerySet[IdentityRequest]:
    """What was asked for this customer, or would merge this customer into another; the newest first."""
    about = Q(customer=customer) | Q(other=customer)
    return IdentityRequest.objects.filter(about).order_by("-pk")


def _first_with(kind: str, value: str) -> int | None:
    # Exclusive ones are from before the policy let values be shared; each stands in one of two partial indexes.
    either = Q(exclusive=True) | Q(exclusive=False)
    current = Identifier.objects.filter(either, kind=kind, value=value, state=Identifier.State.CURRENT)
    return current.order_by("customer_id").values_list("customer_id", flat=True).first()


def _draft(kind: str, value: str, customer_id: int | None) -> CustomerInput:
    """Names somebody to the directory, and says nothing about them."""
    return CustomerInput(customer=Customer(source=""), identifiers={kind: value}, customer_id=customer_id)
