"""Reversal of redemptions, in whole or in part: points go back to their lots (docs/protocol.md, tills' part 4.4)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q

from customers.lookup.references import write_order
from customers.profile.locks import lock_customer
from engagement.points.ledger.movements import reverse
from engagement.points.ledger.posting import AccountState, EntryContext, Kind, Take
from engagement.points.ledger.repository import States, lock_accounts, lock_moved_account, settle_states, write_accounts
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.merging import pass_on
from engagement.points.models import PointsConsumption, PointsEntry, PointsLot
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.duplicates import find_earlier_reversal
from engagement.redemptions.models import Redemption, RedemptionReversal
from engagement.redemptions.requests import ReversalRequest
from engagement.redemptions.rules import check_precision, read_points
from engagement.redemptions.target import find_customer
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.numbers import plain_digits
from loyalty_project.protocol.values import read_id
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes

ZERO = Decimal(0)
LONGEST_NUMBER = 100
LONGEST_NOTE = 250
_CODE_LENGTH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    """Result of a reversal, made now or by an earlier, equal call (`is_replay`). `lapsed` points expired at once."""

    customer_id: int
    redemption: Redemption
    reversal: RedemptionReversal
    balance: Decimal
    lapsed: Decimal
    is_replay: bool = False

    @property
    def available(self) -> Decimal:
        """The points that can be spent again."""
        return self.reversal.points - self.lapsed


def reverse_redemption(request: ReversalRequest, *, by: Actor, customer_id: int | None = None) -> Reversed:
    """Give points of a redemption back to their lots, last spent first; points past their expiry expire at once.

    The balance may lift the member's tier, if its rules look at it. `customer_id` is the customer of the request's references,
    if they were looked up already.

    Raises `LoyaltyError`: 905, 802 and 816 for the customer, 801 and 878 for the points, 801 for texts that are too long, 901,
    902 or 814, 904, 903, 812, 810, in this order. Any till of the organization may reverse, also for customers marked as fraud.
    Call it in a transaction. It locks the customer, then the accounts; `redemption_reversed_within_points` is underneath.
    """
    check_reversal_enabled(by)
    if customer_id is None and needs_customer(request):
        order_of_references = write_order(by.organization.policy)
        found = find_customer(request.references, order_of_references, by=by, country_code=request.country_code)
        customer_id = found.customer.pk
    asked = _read_asked(request.points)
    _check_texts(request)
    redemption = _find(request, customer_id)
    if customer_id is not None and redemption.account.customer_id != customer_id:
        raise LoyaltyError(PointsCode.OTHER_CUSTOMERS)
    if redemption.account.customer.erased_at is not None:
        raise LoyaltyError(PointsCode.CUSTOMER_NOT_FOUND)
    owner = redemption.account.customer_id
    customer = lock_customer(owner)
    redemption.account.refresh_from_db(fields=["customer", "moved_to"])
    if redemption.account.customer_id != owner:
        ask_to_repeat("a merge was undone meanwhile")
    states = lock_accounts([owner], zone=by.organization.zone)
    redemption.refresh_from_db(fields=["reversed"])
    earlier = find_earlier_reversal(request.external_reference, redemption=redemption, customer_id=owner, points=asked)
    if earlier is not None:
        return _replay(earlier, redemption, owner)
    points = points_to_reverse(redemption, request.points)
    now = clock.now()
    state = states[AccountKey(owner, redemption.account.program_id)]
    attach_tiers([state], until=now, customers={owner: customer}, policy=by.organization.policy)
    settle_states(states.values(), until=now, recorded_at=now)
    reversal, lapsed = give_back(redemption, points, states=states, facts=_context(request, redemption, by, now), by=by)
    balance = state.account.balance
    return Reversed(customer_id=owner, redemption=redemption, reversal=reversal, balance=balance, lapsed=lapsed)


def reverse_by_hand(redemption: Redemption, points: str, *, reason: str, by: Actor) -> Reversed:
    """Reverse a redemption for staff, with an audit entry: so many points (as typed), all that are left if "".

    Errors, locks and transaction are those of `reverse_redemption`.
    """
    request = ReversalRequest(redemption_id=redemption.code, points=points, notes=reason)
    done = reverse_redemption(request, by=by, customer_id=redemption.account.customer_id)
    new = {"points": plain_digits(done.reversal.points), "reason": reason}
    record_changes([Change(action="reversed", object_type="redemption", object_id=redemption.pk, new=new)], by=by)
    return done


def give_back(
    redemption: Redemption, points: Decimal, *, states: States, facts: EntryContext, by: Actor
) -> tuple[RedemptionReversal, Decimal]:
    """Give points (> 0) of a redemption back to their lots and write it; return the reversal and the points that lapsed.

    `states` are the accounts of the redemption's owner, locked and settled. The tier is evaluated if it is attached to them.
    """
    state = states[AccountKey(redemption.account.customer_id, redemption.account.program_id)]
    spender, entry, lapsed = _restore(redemption, points, state=state, facts=facts, by=by)
    if spender is not state:
        write_accounts([spender])
    state.advance_tier(facts.occurred_at)
    write_accounts(states.values())
    reversal = RedemptionReversal.objects.create(
        organization=by.organization, redemption=redemption, entry=entry, points=points
    )
    Redemption.objects.filter(pk=redemption.pk).update(reversed=F("reversed") + points)
    redemption.reversed += points
    return reversal, lapsed


def _restore(
    redemption: Redemption, points: Decimal, *, state: AccountState, facts: EntryContext, by: Actor
) -> tuple[AccountState, PointsEntry, Decimal]:
    """Give the points back in memory: the account that had spent them, the entry, and the points that lapsed.

    `state` is the account that has the owner's points now; one that a merge has moved is locked.
    """
    spender = state if redemption.account.moved_to_id is None else lock_moved_account(redemption.account_id, state)
    entry, lapsed = reverse(spender, redemption.entry, points, taken=_taken(redemption, spender), facts=facts)
    if spender is not state:
        # The points follow those that a merge moved.
        pass_on(spender, state, by=by, now=facts.recorded_at)
        entry.explanation["balance"] = plain_digits(state.account.balance)
    return spender, entry, lapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversible:
    """What a reversal would come to: the balance after it, and the points that would lapse."""

    balance: Decimal
    lapsed: Decimal


def points_to_reverse(redemption: Redemption, asked: str) -> Decimal:
    """The points to give back: as many as are asked for (as typed), all that are left if "".

    Raises `LoyaltyError`: 801 and 878 for the points, 812 if nothing is left, 810 for more than is left.
    """
    wanted, left = _read_asked(asked), redemption.points - redemption.reversed
    if not left:
        raise LoyaltyError(PointsCode.ALREADY_REVERSED)
    points = left if wanted is None else wanted
    if points > left:
        raise LoyaltyError(PointsCode.ABOVE_REDEMPTION)
    return points


def _read_asked(points: str) -> Decimal | None:
    return check_precision(read_points(points)) if points else None


def check_reversal(redemption: Redemption, points: Decimal, *, by: Actor) -> Reversible:
    """What giving back points of `points_to_reverse` would come to now, by the rules of `reverse_redemption`.

    What is due is settled first; else nothing is written. Call it outside of a transaction that holds locks. Raises
    `LoyaltyError` 905.
    """
    check_reversal_enabled(by)
    account, now = redemption.account, clock.now()
    state = settled_accounts([account.customer_id], organization=by.organization)[
        AccountKey(account.customer_id, account.program_id)
    ]
    facts = _context(ReversalRequest(), redemption, by, now)
    with transaction.atomic():
        _, _, lapsed = _restore(redemption, points, state=state, facts=facts, by=by)
    return Reversible(balance=state.account.balance, lapsed=lapsed)


def check_reversal_enabled(by: Actor) -> None:
    """Raise `LoyaltyError` 905 if the organization does not reverse redemptions."""
    if not by.organization.policy.redemption_reversal:
        raise LoyaltyError(PointsCode.REVERSAL_DISABLED)


def needs_customer(request: ReversalRequest) -> bool:
    """True if the customer has to be found: one is referred to, or a bill's number has to be theirs."""
    return bool(request.transaction_number and not request.redemption_id) or any(
        value.strip() for value in request.references.values()
    )


def _check_texts(request: ReversalRequest) -> None:
    """Raise `LoyaltyError` 801 if a text is too long, 901 if nothing names the redemption."""
    too_long = max(len(request.external_reference), len(request.transaction_number)) > LONGEST_NUMBER
    if too_long or len(request.notes) > LONGEST_NOTE:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    if not (request.redemption_id or request.transaction_number):
        raise LoyaltyError(PointsCode.INVALID_REDEMPTION)


def _find(request: ReversalRequest, customer_id: int | None) -> Redemption:
    """The redemption of a code or numeric id, or the customer's only one on a bill.

    Raises `LoyaltyError` 902 for an unknown one, 814 for a bill without any, 901 for a bill with several.
    """
    redemptions = Redemption.objects.select_related("account__customer", "entry__till")
    given = request.redemption_id
    if given:
        named = Q(pk=read_id(given))
        if len(given) == _CODE_LENGTH:
            named |= Q(code=given)
        matches = sorted(redemptions.filter(named), key=lambda redemption: redemption.code != given)
        if not matches:
            raise LoyaltyError(PointsCode.REDEMPTION_NOT_FOUND)
        return matches[0]
    number = Q(transaction_number=request.transaction_number) | Q(bill__number=request.transaction_number)
    on_bill = list(redemptions.filter(number, account__customer=customer_id)[:2])
    if len(on_bill) > 1:
        raise LoyaltyError(PointsCode.INVALID_REDEMPTION)
    if not on_bill:
        raise LoyaltyError(PointsCode.NOTHING_ON_BILL)
    return on_bill[0]


def _taken(redemption: Redemption, state: AccountState) -> list[Take]:
    """Points that the redemption took from each lot, in order, less those that earlier reversals gave back.

    Points that a reversal used to pay a debt do not count.
    """
    earlier = RedemptionReversal.objects.filter(redemption=redemption).values("entry")
    rows = PointsConsumption.objects.filter(Q(entry=redemption.entry) | Q(entry__in=earlier, points__lt=0)).order_by("pk")
    taken: defaultdict[int, Decimal] = defaultdict(Decimal)
    for lot_id, points in rows.values_list("lot_id", "points"):
        taken[lot_id] += points
    # Lots that settling has just emptied are newer in memory than in the database.
    held = state.changed_lots | {lot.pk: lot for lot in state.lots}
    empty = PointsLot.objects.filter(pk__in=taken.keys() - held.keys())
    lots = held | {lot.pk: lot for lot in empty}
    return [(lots[pk], points) for pk, points in taken.items() if points]


def _context(request: ReversalRequest, redemption: Redemption, by: Actor, now: datetime) -> EntryContext:
    return EntryContext(
        occurred_at=now,
        recorded_at=now,
        made_by=by.name,
        reference=request.external_reference,
        till=by.till,
        store=by.store,
        note=request.notes,
        explanation={"because": "reversal", "redemption": redemption.code},
    )


def _replay(reversal: RedemptionReversal, redemption: Redemption, customer_id: int) -> Reversed:
    """The result of the earlier call, from its entry and the expiry that may follow at the same moment."""
    entry = reversal.entry
    expiry = PointsEntry.objects.filter(
        account_id=entry.account_id, version=entry.version + 1, kind=Kind.EXPIRE, occurred_at=entry.occurred_at
    ).first()
    # If the points were passed on to another account, the entry has that account's balance.
    passed_on = entry.explanation.get("balance")
    return Reversed(
        customer_id=customer_id,
        redemption=redemption,
        reversal=reversal,
        balance=(expiry or entry).balance_after if passed_on is None else Decimal(passed_on),
        lapsed=-expiry.points if expiry else ZERO,
        is_replay=True,
    )
