"""Adjusting points: at once up to the limit of the member of staff, above it after approval by a second person."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.posting import Draft, check_draft, post_adjustment
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.numbers.display import format_points
from engagement.points.models import PointsAccount, PointsEntry
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat, lock
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

Status = PointsAdjustment.Status
NOUN: Final = "pointsadjustment"
# None: no limit. Operators have none.
Limit = Decimal | None


@transaction.atomic
def adjust_points(account: PointsAccount, draft: Draft, *, limit: Limit, by: Actor) -> PointsAdjustment:
    """Adjust the points of the account's customer; above `limit` the adjustment is stored as pending.

    Raises `AdjustmentRefusedError`; `django.db.OperationalError` (55P03, 40001) if a lock is not free in time. Locks the
    customer, then the accounts.
    """
    seen = account.customer_id
    customer = lock_customer(seen)
    account.refresh_from_db(fields=["customer", "moved_to"])
    if account.customer_id != seen:
        ask_to_repeat("a merge was made or undone meanwhile")
    now = clock.now()
    check_draft(draft, customer=customer, program_id=account.program_id, organization=by.organization)
    needs_approval = limit is not None and abs(draft.points) > limit
    adjustment = PointsAdjustment(
        organization=by.organization,
        customer=customer,
        program_id=account.program_id,
        points=draft.points,
        expiry=draft.expiry,
        expires_on=draft.expires_on,
        reason=draft.reason,
        needs_approval=needs_approval,
        requested_on=now,
        requested_by=by.name,
    )
    if needs_approval:
        adjustment.save()
        new = {"customer": customer.pk, **_audited(draft)}
        record_changes([Change(action="requested", object_type=NOUN, object_id=adjustment.pk, new=new)], by=by)
        return adjustment
    adjustment.entry = post_adjustment(draft, customer=customer, program_id=account.program_id, by=by, now=now)
    adjustment.status, adjustment.decided_on, adjustment.decided_by = Status.DONE, now, by.name
    adjustment.save()
    _record_entry(adjustment, adjustment.entry, by=by)
    return adjustment


@transaction.atomic
def approve_adjustment(pk: int, *, limit: Limit, by: Actor, reason: str = "") -> PointsAdjustment:
    """Approve a pending adjustment and post it, by the rules and balance of now. An approved one is returned unchanged.

    Raises `AdjustmentRefusedError` for the actor's own one, for more points than the actor's `limit`, for a rejected one, and
    for what cannot be posted; `django.db` errors for locks (55P03, 40001); `PointsAdjustment.DoesNotExist`.
    """
    customer, adjustment = _lock(pk)
    if _is_decided(adjustment, Status.DONE):
        return adjustment
    if obstacle := obstacle_to(adjustment, limit=limit, by=by):
        raise AdjustmentRefusedError(obstacle)
    now = clock.now()
    draft = Draft(
        points=adjustment.points, reason=adjustment.reason, expiry=adjustment.expiry, expires_on=adjustment.expires_on
    )
    entry = post_adjustment(draft, customer=customer, program_id=adjustment.program_id, by=by, now=now)
    _close(adjustment, Status.DONE, reason=reason, entry=entry, by=by, now=now)
    _record_entry(adjustment, entry, by=by)
    return adjustment


@transaction.atomic
def reject_adjustment(pk: int, *, reason: str, by: Actor) -> PointsAdjustment:
    """Reject a pending adjustment with a reason (1 to 250 characters). A rejected one is returned unchanged.

    Its maker may withdraw it so. Raises `AdjustmentRefusedError` for an approved one, and errors as `approve_adjustment`.
    """
    _customer, adjustment = _lock(pk, may_be_erased=True)
    if not _is_decided(adjustment, Status.REJECTED):
        _close(adjustment, Status.REJECTED, reason=reason, entry=None, by=by, now=clock.now())
    return adjustment


def obstacle_to(adjustment: PointsAdjustment, *, limit: Limit, by: Actor) -> str:
    """The reason why this user cannot approve the pending adjustment; "" for none."""
    if adjustment.requested_by == by.name:
        return "You made this adjustment yourself: a colleague has to approve it."
    if limit is not None and abs(adjustment.points) > limit:
        return f"Your limit is {format_points(limit)} points: a colleague with a higher one has to approve it."
    return ""


def _lock(pk: int, *, may_be_erased: bool = False) -> tuple[Customer, PointsAdjustment]:
    """The customer and the adjustment, locked in this order."""
    seen = PointsAdjustment.objects.get(pk=pk).customer_id
    customer = lock_customer(seen, may_be_erased=may_be_erased)
    adjustment = lock(PointsAdjustment.objects.filter(pk=pk)).get()
    if adjustment.customer_id != seen:
        ask_to_repeat("a merge was made or undone meanwhile")
    return customer, adjustment


def _is_decided(adjustment: PointsAdjustment, wanted: Status) -> bool:
    """True if the adjustment has this decision already. Raises `AdjustmentRefusedError` if it has the other one."""
    if adjustment.status not in {Status.PENDING, wanted}:
        raise AdjustmentRefusedError(f"The adjustment is already {adjustment.get_status_display()}.")
    return adjustment.status == wanted


def _close(
    adjustment: PointsAdjustment, status: Status, *, reason: str, entry: PointsEntry | None, by: Actor, now: datetime
) -> None:
    adjustment.status, adjustment.decision_reason, adjustment.entry = status, reason, entry
    adjustment.decided_on, adjustment.decided_by = now, by.name
    adjustment.save(update_fields=["status", "decision_reason", "entry", "decided_on", "decided_by"])
    action = "approved" if status == Status.DONE else "rejected"
    new = {"status": str(status.label), **({"reason": reason} if reason else {})}
    old = {"status": str(Status.PENDING.label)}
    record_changes([Change(action=action, object_type=NOUN, object_id=adjustment.pk, old=old, new=new)], by=by)


def _record_entry(adjustment: PointsAdjustment, entry: PointsEntry, *, by: Actor) -> None:
    draft = Draft(
        points=adjustment.points, reason=adjustment.reason, expiry=adjustment.expiry, expires_on=adjustment.expires_on
    )
    new = {**_audited(draft), "balance": plain_digits(entry.balance_after), "adjustment": adjustment.pk}
    record_changes([Change(action="points adjusted", object_type="pointsaccount", object_id=entry.account_id, new=new)], by=by)


def _audited(draft: Draft) -> dict[str, str | int]:
    new: dict[str, str | int] = {"points": plain_digits(draft.points), "reason": draft.reason}
    if draft.expires_on:
        new["expires_on"] = draft.expires_on.isoformat()
    elif draft.points > 0:
        new["expires"] = str(PointsAdjustment.Expiry(draft.expiry).label)
    return new
