"""Points in a merge of customers, and when it is undone (docs/ledger.md).

Entries never change account. The victim's account of a program becomes history of the survivor's: its lots move with their
expiry by pairs of entries, and its totals are added. Bills move as rows (`engagement.merge_policy`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q

from customers.merging.transfer import digest_of
from customers.profile.models import Customer
from engagement.points.explanations import ADJUSTMENT, OCCASION, WELCOME
from engagement.points.ledger.movements import move, move_debt, totals_of
from engagement.points.ledger.posting import AccountState, EntryContext, Kind
from engagement.points.ledger.repository import (
    States,
    lock_accounts,
    lock_moved_account,
    memberships_by_key,
    settle_states,
    write_accounts,
)
from engagement.points.ledger.tier_merging import join_tiers, part_tiers
from engagement.points.models import BillPoints, PointsAccount, PointsEntry, PointsLot
from engagement.points.moved_accounts import with_moved
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import current_catalog
from engagement.programs.expiry_rules import Activity
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.locations.models import Store, Till

ZERO = Decimal(0)
Notes = dict[str, Any]
# Columns of a bill's points that are younger than merges that may be undone: digests leave them out.
UNDIGESTED = ("of_lines",)


def open_accounts(*, victim: Customer, survivor: Customer, by: Actor, now: datetime) -> States:
    """The accounts of both customers, locked and settled as they were before the merge.

    Call it in a transaction that holds both customers, after the memberships have moved. Raises `django.db` errors for locks.
    """
    states = lock_accounts([victim.pk, survivor.pk], zone=by.organization.zone)
    memberships = {key: state.membership for key, state in states.items()}
    moved = memberships_by_key([survivor.pk])
    for key, state in states.items():
        # The victim's membership is the survivor's by now, if the survivor had none.
        of_points = memberships[key] or moved.get(AccountKey(survivor.pk, key.program_id))
        state.tier_ends = of_points.tier_expires_on if of_points else None
    settle_states(states.values(), until=now, recorded_at=now)
    write_accounts(states.values())
    return states


def merge_points(states: States, *, victim: Customer, survivor: Customer, by: Actor, now: datetime) -> list[Notes]:
    """Move the victim's points to the survivor's accounts, program by program; return notes for `divide_points`.

    `states` are those of `open_accounts`. Raises `TooManyPointsError` for figures too large for a column, and `django.db`
    errors; then everything it wrote must be rolled back.
    """
    notes: list[Notes] = []
    for key, origin in sorted(states.items(), key=lambda item: item[1].account.pk):
        if key.customer_id == victim.pk:
            of_survivor = AccountKey(survivor.pk, key.program_id)
            target = states.get(of_survivor) or _new_account(of_survivor, by)
            facts = _facts(by, now, because="merge", victim=victim.pk, survivor=survivor.pk)
            is_new = of_survivor not in states
            notes.append(_merge_account(origin, target, survivor, is_new=is_new, facts=facts))
    return notes


def _new_account(key: AccountKey, by: Actor) -> AccountState:
    account = PointsAccount.objects.create(organization=by.organization, customer_id=key.customer_id, program_id=key.program_id)
    membership = memberships_by_key([key.customer_id]).get(key)
    ends = membership.tier_expires_on if membership else None
    return AccountState(
        account=account,
        zone=by.organization.zone,
        tier_ends=ends,
        membership=membership,
        heard=frozenset(by.organization.announced_events),
    )


def _merge_account(
    origin: AccountState, target: AccountState, survivor: Customer, *, is_new: bool, facts: EntryContext
) -> Notes:
    totals = totals_of(origin.account)
    _join_days(origin.account, target.account)
    lots = [*origin.spendable(), *(lot for lot in origin.lots if not lot.is_open)]
    owed = _debt(target)
    move(origin, target, lots=lots, totals=totals, facts=facts, places=_places(lots))
    set_off = owed - _debt(target)
    debt = move_debt(origin, target, facts=facts)
    tier = join_tiers(origin, target, at=facts.occurred_at, made_by=facts.made_by)
    # Nothing is due on an account that is history.
    origin.membership = None
    write_accounts([origin, target])
    shares = list(BillPoints.objects.filter(account=origin.account).values_list("pk", flat=True))
    BillPoints.objects.filter(pk__in=shares).update(account=target.account)
    # The history goes with the customer, that of earlier merges too.
    earlier = list(PointsAccount.objects.filter(moved_to=origin.account).values_list("pk", flat=True))
    PointsAccount.objects.filter(pk__in=earlier).update(customer=survivor, moved_to=target.account)
    PointsAccount.objects.filter(pk=origin.account.pk).update(customer=survivor, moved_to=target.account)
    notes: Notes = {
        "origin": origin.account.pk,
        "target": target.account.pk,
        "is_new": is_new,
        "totals": {name: str(value) for name, value in totals.items()},
        "debt": plain_digits(debt + set_off),
        "lots": list(
            PointsLot.objects.filter(moved_from__in=[lot.pk for lot in lots], left__gt=0).values_list("pk", flat=True)
        ),
        "shares": shares,
        "earlier": earlier,
        "tier": tier,
    }
    return {**notes, "digest": _digest(notes)}


def pass_on(origin: AccountState, target: AccountState, *, by: Actor, now: datetime) -> None:
    """Move points that came to a moved account on to the live account; in memory."""
    facts = _facts(by, now, because="merged before")
    lots = origin.spendable()
    move(origin, target, lots=lots, totals=totals_of(origin.account), facts=facts, places=_places(lots))


def settle_customer(customer: Customer, *, by: Actor, now: datetime) -> None:
    """Settle the customer's accounts, in a transaction that holds the customer."""
    states = lock_accounts([customer.pk], zone=by.organization.zone)
    settle_states(states.values(), until=now, recorded_at=now)
    write_accounts(states.values())


def are_points_touched(notes: Sequence[Notes]) -> bool:
    """True if the points that moved were changed since: spent, taken back, expired or moved on."""
    return any(Decimal(note["debt"]) != 0 or _digest(note) != note["digest"] for note in notes)


def divide_points(notes: Sequence[Notes], *, victim: Customer, survivor: Customer, by: Actor, now: datetime) -> dict[int, int]:
    """Move untouched points back; return the lots that hold them now, by the lots that held them before the merge.

    Call it under both locks, before memberships move back.
    """
    states = lock_accounts([survivor.pk], zone=by.organization.zone)
    living = {state.account.pk: state for state in states.values()}
    kept = memberships_by_key([victim.pk])
    for note in notes:
        origin = living[note["target"]]
        target = lock_moved_account(note["origin"], origin)
        wanted = set(note["lots"])
        lots = [lot for lot in origin.lots if lot.pk in wanted]
        totals: Mapping[str, Any] = {
            name: int(value) if name == "visits" else Decimal(value) for name, value in note["totals"].items()
        }
        facts = _facts(by, now, because="unmerge", victim=victim.pk, survivor=survivor.pk)
        # Only a live account may hold points.
        target.account.customer, target.account.moved_to = victim, None
        target.account.save(update_fields=["customer", "moved_to"])
        PointsAccount.objects.filter(pk__in=note["earlier"]).update(customer=victim, moved_to=target.account)
        BillPoints.objects.filter(pk__in=note["shares"]).update(account=target.account)
        for state in (origin, target):
            _find_days(state)
        key = AccountKey(victim.pk, target.account.program_id)
        # If the victim kept a membership, its tier counts again; else that of the membership that is about to move back.
        target.membership = kept.get(key, origin.membership)
        target.tier_ends = target.membership.tier_expires_on if target.membership else None
        move(origin, target, lots=lots, totals=totals, facts=facts, places=_places(lots))
        part_tiers(origin, note.get("tier"), at=now, made_by=by.name)
        write_accounts([origin, target])
        if note["is_new"]:
            # The merge created it; it becomes history of the account that got the points back.
            PointsAccount.objects.filter(pk=origin.account.pk).update(customer=victim, moved_to=target.account, due_at=None)
    moved = [pk for note in notes for pk in note["lots"]]
    back = PointsLot.objects.filter(moved_from__in=moved).select_related("moved_from")
    return {lot.moved_from.moved_from_id: lot.pk for lot in back if lot.moved_from and lot.moved_from.moved_from_id}


def renew_notes(notes: Sequence[Notes], lots: Mapping[int, int]) -> list[Notes]:
    """Notes of an earlier merge into the victim, whose untouched points came back to it in other lots."""
    renewed = [{**note, "lots": [lots.get(pk, pk) for pk in note["lots"]]} for note in notes]
    return [{**note, "digest": _digest(note)} for note in renewed]


def _digest(notes: Notes) -> str:
    """Digest of the victim's account, the lots that arrived and the shares of bills.

    If the merge created the survivor's account, of that account too, and of all that moved to it: undoing removes it.
    """
    history = [notes["origin"], *notes["earlier"]]
    accounts = Q(pk__in=history)
    if notes["is_new"]:
        accounts |= Q(pk=notes["target"]) | Q(moved_to=notes["target"])
    rows = (
        PointsAccount.objects.filter(accounts),
        PointsLot.objects.filter(pk__in=notes["lots"]),
        # By their entries, which an index finds by account.
        PointsLot.objects.filter(entry__account__in=history),
    )
    shares = digest_of(BillPoints.objects.filter(pk__in=notes["shares"]), without=UNDIGESTED)
    return " ".join([*(digest_of(part) for part in rows), shares])


def _places(lots: Sequence[PointsLot]) -> dict[int, tuple[Till | None, Store | None]]:
    rows = PointsLot.objects.filter(pk__in=[lot.pk for lot in lots]).select_related("entry__till", "entry__store")
    return {lot.pk: (lot.entry.till, lot.entry.store) for lot in rows}


def _debt(state: AccountState) -> Decimal:
    return max(-state.account.balance, ZERO)


def _join_days(origin: PointsAccount, target: PointsAccount) -> None:
    """Points with a moving expiry follow the later of both accounts' days."""
    for name in ("last_active_on", "last_earned_on"):
        days = [day for account in (origin, target) if (day := getattr(account, name)) is not None]
        setattr(target, name, max(days, default=None))


def _find_days(state: AccountState) -> None:
    """Set the days that move expiry, from bills, redemptions and awards of this account and of those that moved to it."""
    account = state.account
    days = {
        Activity.BILL: BillPoints.objects.filter(account=account).aggregate(last=Max("bill__billed_on"))["last"],
        Activity.REDEMPTION: _last_day(state, Kind.REDEEM),
        Activity.AWARD: _last_day(state, Kind.AWARD, Kind.PROMISE),
    }
    alive_by = current_catalog().by_id[account.program_id].rules.keeps_points_alive
    account.last_active_on = max((day for activity, day in days.items() if day and activity in alive_by), default=None)
    own = PointsLot.objects.filter(entry__account__in=with_moved([account.pk]))
    # Neither joining, nor an occasion, nor an adjustment by staff is an earning: they renew nothing.
    earned = own.filter(moved_from=None, moves=PointsLot.Moves.ROLLING)
    for reason in (WELCOME, OCCASION, ADJUSTMENT):
        earned = earned.exclude(entry__explanation__because=reason)
    last = earned.aggregate(last=Max("awarded_at"))["last"]
    account.last_earned_on = last.astimezone(state.zone).date() if last else None


def _last_day(state: AccountState, *kinds: str) -> date | None:
    """The day of the last entry of these kinds, on the account and those that moved to it."""
    entries = PointsEntry.objects.filter(account__in=with_moved([state.account.pk]), kind__in=kinds)
    last = entries.aggregate(last=Max("occurred_at"))["last"]
    return last.astimezone(state.zone).date() if last else None


def _facts(by: Actor, now: datetime, **explanation: Any) -> EntryContext:
    return EntryContext(occurred_at=now, recorded_at=now, made_by=by.name, explanation=explanation)
