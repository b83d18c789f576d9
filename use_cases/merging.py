"""Merging two customers into one, and undoing it (docs/protocol.md 2.4).

The survivor receives all that the victim has. Identifiers of the victim lead to the survivor from then on. Each app's
`merge_policy.py` lists the rows that move and those that are kept as history. A merge records all that it moved; it can be
undone as long as nothing has touched that.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import Error, transaction

import customers.merge_policy
import engagement.merge_policy
import referrals.merge_policy
import subscriptions.merge_policy
import tickets.merge_policy
from customers.duplicates.services import reopen_candidate, settle_candidates
from customers.identifiers.exclusivity import settings_guard
from customers.merging import services as profiles
from customers.merging.models import Merge
from customers.merging.transfer import KeptRows, MovedRows, move_rows, move_rows_back, rows_changed, was_blocked_by
from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.registration.matching import merged_identifiers
from customers.registration.state import CustomerState
from customers.statuses.rules import Block, blocks, is_leaving
from customers.webhook_events import MERGE_UNDONE, MERGED, announce_customers
from engagement.bills.merging import count_purchases_anew
from engagement.events.deferral import MERGE, defer_event, ensure_job
from engagement.events.models import DeferredEvent
from engagement.numbers.rounding import TooManyPointsError
from engagement.points import merging as loyalty
from engagement.points.errors import points_code
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat, lock
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.staff.reach import OutOfReachError

MOVED: Final[tuple[MovedRows, ...]] = (
    *customers.merge_policy.MOVED,
    *subscriptions.merge_policy.MOVED,
    *engagement.merge_policy.MOVED,
    *tickets.merge_policy.MOVED,
    *referrals.merge_policy.MOVED,
)
KEPT: Final[tuple[KeptRows, ...]] = (
    *customers.merge_policy.KEPT,
    *subscriptions.merge_policy.KEPT,
    *engagement.merge_policy.KEPT,
    *tickets.merge_policy.KEPT,
    *referrals.merge_policy.KEPT,
)
MERGE_PERMISSION: Final = "customers.merge_customers"
# The code of each broken constraint, if a race gets past the locks: the same call may succeed later.
CONSTRAINTS: Final[Mapping[str, Code]] = {
    "merge_one_survivor": Code.PROFILE_NOT_UPDATED,
    "merge_one_direction": Code.PROFILE_NOT_UPDATED,
    "customer_merged_into_standing": Code.PROFILE_NOT_UPDATED,
}


class MergeRefusedError(ValueError):
    """The customers cannot be merged, or the merge cannot be undone. The text is the reason, for users. Nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """An active merge, made now (`is_new`) or before. Warning 1096 if the points follow later."""

    merge: Merge
    is_new: bool
    notices: tuple[Notice, ...] = ()


@transaction.atomic
def merge_customers(*, survivor: int, victim: int, by: Actor, reason: str = "") -> Merged:
    """Merge the customer `victim` (id) into `survivor`. The same again changes nothing.

    Locks both, and the customers merged into the victim before, in the order of their ids, then their rows. Raises
    `MergeRefusedError` if both are the same customer, or one is merged already or restricted (docs/protocol.md 2.4 H),
    `OutOfReachError` for a member of staff who may not merge or does not see both, `django.db` errors for locks that are not
    free (55P03), customers that were merged meanwhile (40001) and broken constraints (`CONSTRAINTS`).
    """
    if survivor == victim:
        raise MergeRefusedError("A customer cannot be merged with themselves.")
    active = _active_merge(survivor=survivor, victim=victim)
    if active is not None:
        return Merged(merge=active, is_new=False)
    earlier = profiles.victims_of(victim)
    held = lock_customers([survivor, victim], merged=earlier, may_be_erased=True)
    if len(held) < 2:
        raise MergeRefusedError("There is no such customer.")
    check_reach(by, *held.values())
    policy = by.organization.policy
    if any(blocks(customer, Block.IDENTIFIER_CHANGE, policy) or is_leaving(customer, policy) for customer in held.values()):
        raise MergeRefusedError("A customer who is marked as fraud, or whose status forbids it, cannot be merged.")
    if earlier != profiles.victims_of(victim):
        ask_to_repeat("another customer was merged into the victim meanwhile")
    return _merge(held[victim], held[survivor], earlier, reason=reason, by=by, now=clock.now())


def may_merge(by: Actor, *customers: Customer) -> bool:
    """True if the actor may merge these customers: a member of staff has the permission, and sees all of them."""
    return by.may(MERGE_PERMISSION) and all(by.covers(customer.registered_store_id) for customer in customers)


def check_reach(by: Actor, *customers: Customer) -> None:
    """Raise `OutOfReachError` unless `may_merge`."""
    if not may_merge(by, *customers):
        raise OutOfReachError


def _active_merge(*, survivor: int, victim: int) -> Merge | None:
    """The active merge of these two, if any. Raises `MergeRefusedError` if one of them is merged into another customer."""
    merge = Merge.objects.filter(victim=victim, undone_at=None).first()
    merged_into = dict(Customer.objects.filter(pk__in=[survivor, victim]).values_list("pk", "merged_into_id"))
    if merge is not None and merged_into.get(victim) == survivor:
        return merge
    for pk, other in merged_into.items():
        if other is not None:
            raise MergeRefusedError(f"Customer {pk} is already merged into customer {other}.")
    return None


def _merge(victim: Customer, survivor: Customer, earlier: list[int], *, reason: str, by: Actor, now: datetime) -> Merged:
    moved: dict[str, Any] = {}
    moved["groups"] = profiles.transfer_primary_roles(victim=victim, survivor=survivor)
    moved["rows"] = {move.label: asdict(move_rows(move, victim=victim.pk, survivor=survivor.pk)) for move in MOVED}
    moved["identifiers"] = profiles.transfer_identifiers(victim=victim, survivor=survivor)
    moved["columns"] = profiles.fill_columns(victim=victim, survivor=survivor)
    survivor.updated_on = now
    profiles.save_survivor(survivor)
    profiles.redirect_victims(earlier, victim=victim, survivor=survivor)
    moved["earlier"] = earlier
    settle_candidates(victim=victim.pk, survivor=survivor.pk, by=by)
    count_purchases_anew([victim, survivor])
    merge = Merge.objects.create(
        organization=by.organization,
        survivor=survivor,
        victim=victim,
        merged_at=now,
        source=by.source,
        actor=by.name,
        reason=reason,
        moved=moved,
    )
    notices = _merge_points(merge, victim, survivor, by=by, now=now)
    ensure_job(survivor.pk, organization=by.organization)
    details = {"merge": merge.pk, "reason": reason} if reason else {"merge": merge.pk}
    record_changes(
        [
            Change(action="merged", object_type="customer", object_id=survivor.pk, new={**details, "victim": victim.pk}),
            Change(action="merged", object_type="customer", object_id=victim.pk, new={**details, "survivor": survivor.pk}),
        ],
        by=by,
    )
    announce_customers(MERGED, {survivor.pk: {"merged_user_id": victim.pk}}, organization=by.organization)
    return Merged(merge=merge, is_new=True, notices=notices)


def _merges_with_untouched_points(survivor: Customer) -> list[Merge]:
    """Active merges into this customer whose points have not changed since."""
    merges = Merge.objects.filter(survivor=survivor, undone_at=None).order_by("pk")
    return [merge for merge in merges if "points" in merge.moved and not loyalty.are_points_touched(merge.moved["points"])]


def _merge_points(merge: Merge, victim: Customer, survivor: Customer, *, by: Actor, now: datetime) -> tuple[Notice, ...]:
    """Move the points in a savepoint. If they cannot move now, a worker moves them later (1096)."""
    try:
        with transaction.atomic():
            move_points(merge, victim=victim, survivor=survivor, by=by, now=now)
    except (Error, TooManyPointsError) as error:
        if isinstance(error, Error) and points_code(error) is None:
            raise
        defer_event(customer=survivor, kind=MERGE, payload={"merge": merge.pk}, by=by)
        return (Notice(Code.POINTS_MERGE_FAILED),)
    return ()


def move_points(merge: Merge, *, victim: Customer, survivor: Customer, by: Actor, now: datetime) -> None:
    """Move the points of a recorded merge, and note the moves in it. Call it under both locks."""
    states = loyalty.open_accounts(victim=victim, survivor=survivor, by=by, now=now)
    # Read after due steps are settled: an expiry now counts as a change.
    intact = [earlier.pk for earlier in _merges_with_untouched_points(victim)]
    points = loyalty.merge_points(states, victim=victim, survivor=survivor, by=by, now=now)
    merge.moved = {**merge.moved, "intact": intact, "points": points}
    merge.save(update_fields=["moved"])


@transaction.atomic
def undo_merge(merge: Merge, *, reason: str, by: Actor) -> Merge:
    """Undo a merge: all that moved goes back. The merge stays as history.

    Raises `MergeRefusedError` if the merge is undone already, if the survivor was merged again, or if moved data has changed
    since (the text lists it); `OutOfReachError` as for a merge; `django.db` errors for locks.
    """
    concerned = [merge.survivor_id, merge.victim_id, *merge.moved.get("earlier", ())]
    held = {customer.pk: customer for customer in lock(Customer.objects.filter(pk__in=concerned))}
    merge = lock(Merge.objects.filter(pk=merge.pk)).get()
    survivor, victim = held[merge.survivor_id], held[merge.victim_id]
    check_reach(by, survivor, victim)
    if merge.undone_at is not None:
        raise MergeRefusedError("This merge is already undone.")
    if survivor.merged_into_id is not None or victim.merged_into_id != survivor.pk:
        raise MergeRefusedError("The customer that remained was merged into another one later. Undo that merge first.")
    if survivor.erased_at is not None:
        raise MergeRefusedError("The personal data of these customers was erased.")
    now = clock.now()
    loyalty.settle_customer(survivor, by=by, now=now)
    if touched := _touched(merge, survivor):
        raise MergeRefusedError(f"Changed since the merge: {', '.join(touched)}.")
    for later in Merge.objects.filter(survivor=survivor, undone_at=None, pk__gt=merge.pk).select_related("victim"):
        if _was_blocked_by(later, earlier=merge):
            raise MergeRefusedError(f"Customer {later.victim_id} was merged later, with the same data. Undo that merge first.")
    moved = merge.moved
    # What is unique decides about the victim's identifiers.
    settings_guard(by.organization).check()
    lots = loyalty.divide_points(moved["points"], victim=victim, survivor=survivor, by=by, now=now)
    profiles.restore_victims(moved["earlier"], victim=victim)
    lost = profiles.restore_identifiers(moved["identifiers"], victim=victim, policy=by.organization.policy)
    profiles.restore_columns(moved["columns"], survivor=survivor)
    survivor.updated_on = now
    profiles.save_survivor(survivor)
    for move, rows in _moved_rows(merge):
        move_rows_back(move, rows["ids"], victim=victim.pk)
    profiles.restore_primary_roles(moved["groups"], victim=victim, survivor=survivor)
    reopen_candidate(victim=victim.pk, survivor=survivor.pk)
    count_purchases_anew([victim, survivor])
    ensure_job(victim.pk, organization=by.organization)
    for earlier in Merge.objects.filter(pk__in=moved["intact"], undone_at=None):
        earlier.moved = {**earlier.moved, "points": loyalty.renew_notes(earlier.moved["points"], lots)}
        earlier.save(update_fields=["moved"])
    merge.undone_at, merge.undone_by, merge.undone_reason = now, by.name, reason
    merge.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    details = {"merge": merge.pk, "reason": reason}
    of_victim = {**details, "survivor": survivor.pk, **({"identifiers lost since the merge": lost} if lost else {})}
    record_changes(
        [
            Change(action="merge undone", object_type="customer", object_id=survivor.pk, new={**details, "victim": victim.pk}),
            Change(action="merge undone", object_type="customer", object_id=victim.pk, new=of_victim),
        ],
        by=by,
    )
    announce_customers(MERGE_UNDONE, {survivor.pk: {"restored_user_id": victim.pk}}, organization=by.organization)
    return merge


def _moved_rows(merge: Merge) -> list[tuple[MovedRows, dict[str, Any]]]:
    """The moved rows of each listed model. Models added to the list after the merge are left out."""
    noted = merge.moved["rows"]
    return [(move, noted[move.label]) for move in MOVED if move.label in noted]


def _touched(merge: Merge, survivor: Customer) -> list[str]:
    """Names of the moved data that has changed since the merge."""
    moved = merge.moved
    touched = [
        str(move.model._meta.verbose_name_plural)
        for move, rows in _moved_rows(merge)
        if rows_changed(move, rows["ids"], rows["digest"])
    ]
    if profiles.identifiers_changed(moved["identifiers"]):
        touched.append("identifiers")
    if profiles.columns_changed(moved["columns"], survivor=survivor):
        touched.append("the customer's own data")
    if "points" not in moved:
        touched.append("points, which are still to move")
    elif loyalty.are_points_touched(moved["points"]):
        touched.append("points")
    return touched


def _was_blocked_by(later: Merge, *, earlier: Merge) -> bool:
    """True if a later merge left rows with its victim because of rows that undoing this merge would take back."""
    kept = {move.label: rows["kept"] for move, rows in _moved_rows(later)}
    has_rows = any(was_blocked_by(move, kept.get(move.label, ()), earlier=rows["ids"]) for move, rows in _moved_rows(earlier))
    return has_rows or profiles.was_blocked_by(later.victim, later.moved, earlier=earlier.moved)


def what_moved(merge: Merge) -> dict[str, int]:
    """Numbers of moved rows by their names for users. Rows that stayed with the victim are not counted; none if erased."""
    if "rows" not in merge.moved:
        return {}
    counts = {str(move.model._meta.verbose_name_plural): len(rows["ids"]) for move, rows in _moved_rows(merge)}
    counts["identifiers"] = len(merge.moved["identifiers"]["states"])
    counts["lots of points"] = sum(len(points["lots"]) for points in merge.moved.get("points", ()))
    return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """Preview of a merge: numbers of rows to move by name, and the current identifiers afterwards by kind."""

    moving: Mapping[str, int]
    identifiers: Mapping[str, str]
    inherited: tuple[str, ...]


def preview_merge(*, survivor: CustomerState, victim: CustomerState) -> MergePreview:
    """Preview the merge of `victim` into `survivor`. Reads only. Rows that the survivor has already are counted too."""
    moving = {
        str(move.model._meta.verbose_name_plural): move.model._default_manager.filter(**{move.column: victim.customer}).count()
        for move in MOVED
    }
    return MergePreview(
        moving={name: count for name, count in moving.items() if count},
        identifiers=merged_identifiers(survivor, [victim]),
        inherited=tuple(value for kind, value in victim.identifiers.items() if kind in survivor.identifiers),
    )


def move_points_later(event: DeferredEvent, /, *, by: Actor) -> None:
    """Move the points of the merge that the event's payload names. Does nothing if the merge is undone."""
    merge = Merge.objects.select_related("victim").get(pk=event.payload["merge"])
    if merge.undone_at is None and "points" not in merge.moved:
        # The survivor's lock, which the event holds, is enough: a merged customer is written by no other transaction.
        move_points(merge, victim=merge.victim, survivor=event.customer, by=by, now=clock.now())
