"""Taking back an adjustment: a reversal of exactly its own lot, or of exactly the lots that it had taken from."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Sum

from customers.profile.locks import lock_customer
from engagement.adjustments.models import AdjustmentReversal, PointsAdjustment
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.adjustments.services import Limit
from engagement.numbers.display import format_points
from engagement.points.ledger.movements import reverse
from engagement.points.ledger.posting import ZERO, AccountState, EntryContext, Kind, Take, post
from engagement.points.ledger.repository import States, lock_accounts, lock_moved_account, settle_states, write_accounts
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.merging import pass_on
from engagement.points.models import PointsConsumption, PointsEntry, PointsLot
from engagement.programs.account_key import AccountKey
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

_TWICE: Final = "This adjustment is already taken back."


def take_back_adjustment(entry_id: int, *, reason: str, limit: Limit, by: Actor) -> AdjustmentReversal:
    """Take back an adjustment, by the id of its entry, with a reason (1 to 250 characters).

    Of points that were added, what is left of their own lot is taken, and no other lot is touched; what was spent or has
    expired stays so. Points that were taken go back to the lots they came from, with the expiry of these; those whose last day
    is over expire at once. Neither is done twice. Raises `AdjustmentRefusedError`; `django.db` errors for locks (55P03, 40001).
    Locks the customer, then the accounts; the uniqueness of `AdjustmentReversal.adjusted` is underneath, as are a lot's parts.
    """
    try:
        return _take_back(entry_id, reason=reason, limit=limit, by=by)
    except IntegrityError as error:
        if AdjustmentReversal.objects.filter(adjusted=entry_id).exists():
            raise AdjustmentRefusedError(_TWICE) from error
        raise


def may_be_taken_back(entry: PointsEntry) -> bool:
    """True for an adjustment that is not a reversal and not taken back. One query."""
    is_adjustment = entry.kind == Kind.ADJUST and entry.reverses_id is None
    return is_adjustment and not AdjustmentReversal.objects.filter(adjusted=entry).exists()


def left_of(entry: PointsEntry) -> Decimal:
    """Points that are left of those that an adjustment added."""
    left = PointsLot.objects.filter(pk__in=lots_of(entry)).aggregate(left=Sum("left"))["left"]
    return left or ZERO


def lots_of(entry: PointsEntry) -> set[int]:
    """Ids of the lot that an entry brought and of those that have its points since merges. One query for each move."""
    found: set[int] = set()
    newest = set(PointsLot.objects.filter(entry=entry).values_list("pk", flat=True))
    while newest:
        found |= newest
        newest = set(PointsLot.objects.filter(moved_from__in=newest).values_list("pk", flat=True)) - found
    return found


@transaction.atomic
def _take_back(entry_id: int, *, reason: str, limit: Limit, by: Actor) -> AdjustmentReversal:
    entry = PointsEntry.objects.select_related("account").get(pk=entry_id)
    if entry.kind != Kind.ADJUST or entry.reverses_id is not None:
        raise AdjustmentRefusedError("Only an adjustment can be taken back.")
    owner = entry.account.customer_id
    customer = lock_customer(owner)
    entry.account.refresh_from_db(fields=["customer", "moved_to"])
    if entry.account.customer_id != owner:
        ask_to_repeat("a merge was made or undone meanwhile")
    if AdjustmentReversal.objects.filter(adjusted=entry).exists():
        raise AdjustmentRefusedError(_TWICE)
    now = clock.now()
    states = lock_accounts([owner], zone=by.organization.zone)
    # A state may be missing only for an entry of another program's account, which has its own key.
    state = states[AccountKey(owner, entry.account.program_id)]
    attach_tiers([state], until=now, customers={owner: customer}, policy=by.organization.policy)
    settle_states(states.values(), until=now, recorded_at=now)
    move = _take if entry.points > 0 else _give
    reversal = move(entry, state, states, reason=reason, limit=limit, by=by, now=now)
    reversal.save()
    new: dict[str, str | int] = {
        "points": plain_digits(reversal.entry.points),
        "balance": plain_digits(state.account.balance),
        "reason": reason,
    }
    if adjustment := PointsAdjustment.objects.filter(entry=entry).first():
        new["adjustment"] = adjustment.pk
    if reversal.gone:
        new["spent or expired"] = plain_digits(reversal.gone)
    record_changes(
        [Change(action="adjustment taken back", object_type="pointsaccount", object_id=state.account.pk, new=new)], by=by
    )
    return reversal


def _take(
    entry: PointsEntry, state: AccountState, states: States, *, reason: str, limit: Limit, by: Actor, now: datetime
) -> AdjustmentReversal:
    """Take what is left of the lot that the adjustment brought."""
    own = lots_of(entry)
    takes: list[Take] = [(lot, lot.left) for lot in state.spendable() if lot.pk in own]
    points: Decimal = sum((left for _, left in takes), ZERO)
    if not points:
        raise AdjustmentRefusedError("Nothing is left of these points: they were spent or have expired.")
    _check_limit(points, limit)
    gone = entry.points - points
    facts = _facts(entry, reason=reason, by=by, now=now).explained(gone=plain_digits(gone))
    taking = post(state, Kind.ADJUST, points=-points, takes=takes, reverses=entry, facts=facts)
    state.advance_tier(now)
    write_accounts(states.values())
    return AdjustmentReversal(organization=by.organization, adjusted=entry, entry=taking, points=points, gone=gone)


def _give(
    entry: PointsEntry, state: AccountState, states: States, *, reason: str, limit: Limit, by: Actor, now: datetime
) -> AdjustmentReversal:
    """Give the points back to the lots that the adjustment had taken them from."""
    points = -entry.points
    _check_limit(points, limit)
    spender = state if entry.account.moved_to_id is None else lock_moved_account(entry.account_id, state)
    giving, _lapsed = reverse(
        spender,
        entry,
        points,
        taken=_taken(entry, spender),
        facts=_facts(entry, reason=reason, by=by, now=now),
        kind=Kind.ADJUST,
    )
    if spender is not state:
        # The points follow those that a merge moved.
        pass_on(spender, state, by=by, now=now)
        write_accounts([spender])
    state.advance_tier(now)
    write_accounts(states.values())
    return AdjustmentReversal(organization=by.organization, adjusted=entry, entry=giving, points=points)


def _taken(entry: PointsEntry, state: AccountState) -> Sequence[Take]:
    """What the adjustment took from each lot, in order."""
    taken = PointsConsumption.objects.filter(entry=entry).order_by("pk").values_list("lot_id", "points")
    held = {lot.pk: lot for lot in state.lots}
    lots = {lot.pk: lot for lot in PointsLot.objects.filter(pk__in=[pk for pk, _ in taken if pk not in held])} | held
    return [(lots[pk], points) for pk, points in taken]


def _check_limit(points: Decimal, limit: Limit) -> None:
    if limit is not None and points > limit:
        raise AdjustmentRefusedError(
            f"Your limit is {format_points(limit)} points: a colleague with a higher one has to take back this adjustment."
        )


def _facts(entry: PointsEntry, *, reason: str, by: Actor, now: datetime) -> EntryContext:
    adjusted_on = entry.occurred_at.astimezone(by.organization.zone).date()
    return EntryContext(
        occurred_at=now,
        recorded_at=now,
        made_by=by.name,
        note=reason,
        explanation={"because": "adjustment taken back", "adjusted_on": adjusted_on.isoformat()},
    )
