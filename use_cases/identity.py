"""Requests to change an identifier: made, approved or rejected (docs/protocol.md 4.3).

Tills make them by update_identity, staff on the customer's page. Staff decide, or the organization's policy approves at once.
"""

from datetime import datetime

from django.db import transaction

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.rules import (
    IdentityChange,
    auto_approval_policy,
    check_answers,
    check_customer,
    check_status,
    may_change,
)
from customers.identity_requests.services import (
    Status,
    ValueOwners,
    close_request,
    free_old_value,
    give_value,
    is_pending,
    lock_owners,
    lock_request,
    record_new_value,
    store_request,
)
from customers.registration.context import InputContext
from customers.registration.matching import TAKEN
from customers.registration.state import CustomerState
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import Purpose, present_code, use_code
from loyalty_project import clock
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import CountedRefusalError, LoyaltyError
from organizations.audit.actors import Actor
from organizations.policies import Policy
from organizations.staff.reach import OutOfReachError
from use_cases.merging import may_merge, merge_customers

Kind = Identifier.Kind
State = Identifier.State


class DecisionRefusedError(ValueError):
    """The request cannot be decided so. The text is the reason, for users. Nothing has changed."""


def request_change(
    change: IdentityChange, *, context: InputContext, by: Actor, is_known: bool = False, customer_id: int | None = None
) -> IdentityRequest:
    """Request a change. If the policy approves such changes, it takes effect at once.

    A merge that the change implies takes effect at once only if `by` may merge the two (`may_merge`); else the request waits.
    `is_known` skips the verification of the caller: staff have verified the customer. With `customer_id` the change is of that
    customer, even if others share the old value. Call it in a transaction, and commit that also on `CountedRefusalError`
    (1021): a wrong code counts. Raises `LoyaltyError` in this order: 1012, 1013, 618, 1041 (an account that is being deleted),
    1027, 1025, 1026, 1021, 9028, then 1032, 1016 or 1033 for a taken value, 618 or 1041 for the status of its owner, and 1041
    for a kind that may not change; and `django.db` errors for locks (55P03) and broken constraints
    (`identity_requests.CONSTRAINTS`).
    """
    policy, now = context.policy, context.now
    owners = lock_owners(change.kind, change.old_value, change.new_value, customer_id=customer_id, by=by)
    owner = owners.owner
    if owner is None or not by.covers(owner.customer.registered_store_id):
        raise LoyaltyError(Code.UNKNOWN_IDENTIFIER)
    check_customer(owner.customer, policy)
    code = None
    if not is_known:
        check_answers(change.answers, owner, context)
        code = _confirmed(change, owner, context)
    if is_pending(change.kind, change.new_value):
        raise LoyaltyError(Code.CHANGE_REQUEST_PENDING)
    _check_possible(change.kind, owners, policy)
    flag = auto_approval_policy(change.kind, policy) if _may_apply(owners, by=by) else ""
    request = store_request(
        change, state=owner, other=owners.other, by=by, now=now, approved_by=f"policy:{flag}" if flag else ""
    )
    if code is not None:
        use_code(code, now=now)
    if flag:
        _apply(request, owners, by=by, now=now)
    return request


@transaction.atomic
def approve_request(pk: int, *, by: Actor, reason: str = "") -> IdentityRequest:
    """Approve a pending request, with the rows as they are now. An approved request is returned unchanged.

    Raises `DecisionRefusedError` for the actor's own request, a rejected one, and if the values have changed owners;
    `OutOfReachError` if it implies a merge that the actor may not make;
    `LoyaltyError` if a till's request would be refused now (1013, 618, 1032, 1016, 1033, 1041); `django.db` errors for locks
    (55P03); `IdentityRequest.DoesNotExist`.
    """
    seen = IdentityRequest.objects.select_related("organization").get(pk=pk)
    if _is_decided(seen, Status.APPROVED):
        return seen
    if seen.requested_by == by.name:
        raise DecisionRefusedError("Another user has to approve your own request.")
    owners = lock_owners(seen.kind, seen.old_value, seen.new_value, customer_id=seen.customer_id, by=by)
    request = lock_request(pk)
    if _is_decided(request, Status.APPROVED):
        return request
    owner_id = owners.other.customer.pk if owners.other else None
    if obstacle := _obstacle(request, holds_old=owners.owner is not None, owner_id=owner_id):
        raise DecisionRefusedError(obstacle)
    if not _may_apply(owners, by=by):
        raise OutOfReachError
    check_customer(owners.customer, by.organization.policy)
    _check_possible(Kind(request.kind), owners, by.organization.policy)
    now = clock.now()
    close_request(request, Status.APPROVED, reason=reason, by=by, now=now)
    _apply(request, owners, by=by, now=now)
    return request


@transaction.atomic
def reject_request(pk: int, *, reason: str, by: Actor) -> IdentityRequest:
    """Reject a pending request with a reason (1 to 250 characters). A rejected request is returned unchanged.

    Its maker may withdraw it so. Raises `DecisionRefusedError` for an approved one; `django.db` errors for locks (55P03);
    `IdentityRequest.DoesNotExist`.
    """
    request = lock_request(pk)
    if not _is_decided(request, Status.REJECTED):
        close_request(request, Status.REJECTED, reason=reason, by=by, now=clock.now())
    return request


def read_obstacle(request: IdentityRequest) -> str:
    """The reason why a pending request cannot be approved now, or "". Two queries."""
    current = Identifier.objects.filter(kind=request.kind, value=request.new_value, exclusive=True, state=State.CURRENT)
    owners = current.exclude(customer_id=request.customer_id).values_list("customer_id", flat=True)
    held = Identifier.objects.filter(customer_id=request.customer_id, kind=request.kind, value=request.old_value)
    return _obstacle(request, holds_old=held.filter(state=State.CURRENT).exists(), owner_id=owners.first())


def _obstacle(request: IdentityRequest, *, holds_old: bool, owner_id: int | None) -> str:
    """The difference from when the request was made: the old value is gone, or the new one has another owner."""
    old_value, new_value = request.old_text, request.new_text
    if not holds_old:
        return f"{old_value} is no longer the customer's {request.get_kind_display()}."
    if owner_id == request.other_id:
        return ""
    if owner_id is None:
        return f"{new_value} no longer belongs to the account that was to be merged."
    return f"{new_value} belongs to another account than when the change was requested."


def _confirmed(change: IdentityChange, owner: CustomerState, context: InputContext) -> ValidationCode | None:
    """The code that confirms the change; None if none is needed. Raises 1021; a wrong code is counted."""
    if not context.organization.verification.otp:
        return None
    if not change.validation_code:
        raise LoyaltyError(Code.INVALID_VALIDATION_CODE)
    code = present_code(change.validation_code, customer_id=owner.customer.pk, purpose=Purpose.IDENTITY, now=context.now)
    if code is None:
        raise CountedRefusalError(Code.INVALID_VALIDATION_CODE)
    return code


def _check_possible(kind: Kind, owners: ValueOwners, policy: Policy) -> None:
    """Check that the new value may be given: 1032, 1016, 1033, 618 or 1041 because of its owner, 1041 because of its kind."""
    if owners.other is not None and not policy.auto_merge:
        raise LoyaltyError(TAKEN[kind])
    if owners.other is not None:
        check_status(owners.other.customer, policy)
    if not may_change(kind, policy):
        raise LoyaltyError(Code.IDENTITY_CHANGE_FAILED)


def _may_apply(owners: ValueOwners, *, by: Actor) -> bool:
    """True if `by` may make the merge that the change implies, or if it implies none."""
    return owners.other is None or may_merge(by, owners.customer, owners.other.customer)


def _is_decided(request: IdentityRequest, wanted: Status) -> bool:
    """True if the request has this decision already. Raises `DecisionRefusedError` if it has the other one."""
    if request.status not in {Status.PENDING, wanted}:
        raise DecisionRefusedError(f"The request is already {request.get_status_display()}.")
    return request.status == wanted


def _apply(request: IdentityRequest, owners: ValueOwners, *, by: Actor, now: datetime) -> None:
    """Give the customer the new value. Another account that has it is merged into the customer."""
    if owners.other is None:
        give_value(request, owners, by=by, now=now)
        return
    # The new value comes with the merge, so that the merge can be undone.
    free_old_value(request)
    record_new_value(request, by=by)
    merge_customers(
        survivor=request.customer_id, victim=owners.other.customer.pk, by=by, reason=f"Identity request {request.pk}"
    )
