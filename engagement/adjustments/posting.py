"""Posting of an adjustment to the ledger, and the expiry of added points."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from customers.profile.models import Customer
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.rules import AdjustmentRefusedError, check_points
from engagement.numbers.display import format_points
from engagement.numbers.rounding import TooManyPointsError
from engagement.points.expiry import Expiry, ExpiryError, expiry_of
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award, spend
from engagement.points.ledger.posting import AccountState, EntryContext, InsufficientPointsError, Kind
from engagement.points.ledger.repository import lock_accounts, read_accounts, settle_states, tier_ends_of, write_accounts
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import PointsEntry, PointsLot
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ProgramCatalog, current_catalog
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.tenancy.models import Organization

When = PointsAdjustment.Expiry
_NO_ACCOUNT: Final = "The customer has no points account in this program any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An adjustment as asked for: points (< 0: taken), reason (1 to 250 characters), and the expiry of added points."""

    points: Decimal
    reason: str
    expiry: str = When.PROGRAM
    expires_on: date | None = None


def check_draft(draft: Draft, *, customer: Customer, program_id: int, organization: Organization) -> None:
    """Check what can be checked without the balance. Raises `AdjustmentRefusedError`."""
    catalog = current_catalog()
    check_points(draft.points, precision=catalog.by_id[program_id].rules.precision)
    if draft.points < 0 and draft.expiry != When.PROGRAM:
        raise AdjustmentRefusedError("Only points that are added can have an expiry date.", field="expires_on")
    if draft.points > 0:
        _expiry(draft, customer=customer, program_id=program_id, catalog=catalog, today=_today(organization))


def post_adjustment(draft: Draft, *, customer: Customer, program_id: int, by: Actor, now: datetime) -> PointsEntry:
    """Post the adjustment. Points that expire first are taken first; nothing moves the expiry of other points.

    Call it in a transaction that holds the customer; it locks the accounts. Raises `AdjustmentRefusedError` for what
    `check_draft` refuses, for more points than the balance, and for a customer without an account in the program.
    """
    catalog = current_catalog()
    check_draft(draft, customer=customer, program_id=program_id, organization=by.organization)
    state = lock_accounts([customer.pk], zone=by.organization.zone).get(AccountKey(customer.pk, program_id))
    if state is None:
        raise AdjustmentRefusedError(_NO_ACCOUNT)
    attach_tiers([state], until=now, catalog=catalog, customers={customer.pk: customer}, policy=by.organization.policy)
    settle_states([state], until=now, recorded_at=now)
    entry = _apply(draft, state, customer=customer, catalog=catalog, by=by, now=now)
    state.advance_tier(now)
    write_accounts([state])
    return entry


def balance_after(draft: Draft, *, customer: Customer, program_id: int, by: Actor) -> Decimal:
    """The balance that the adjustment would leave now, by the rules of `post_adjustment`; it is not posted.

    Raises `AdjustmentRefusedError`. Call it outside of a transaction that holds locks: what is due by now is settled first.
    """
    check_draft(draft, customer=customer, program_id=program_id, organization=by.organization)
    state = settled_accounts([customer.pk], organization=by.organization).get(AccountKey(customer.pk, program_id))
    if state is None:
        raise AdjustmentRefusedError(_NO_ACCOUNT)
    _apply(draft, state, customer=customer, catalog=current_catalog(), by=by, now=clock.now())
    return state.account.balance


def _apply(
    draft: Draft, state: AccountState, *, customer: Customer, catalog: ProgramCatalog, by: Actor, now: datetime
) -> PointsEntry:
    """Enter the adjustment in the settled state of the account."""
    program_id, zone = state.account.program_id, by.organization.zone
    facts = EntryContext(
        occurred_at=now,
        recorded_at=now,
        made_by=by.name,
        version=catalog.by_id[program_id].version,
        note=draft.reason,
        explanation={"because": "adjustment"},
    )
    try:
        if draft.points > 0:
            today = now.astimezone(zone).date()
            expiry = _expiry(draft, customer=customer, program_id=program_id, catalog=catalog, today=today)
            return award(state, draft.points, facts=facts, expiry=expiry, as_adjustment=True)
        return spend(state, -draft.points, kind=Kind.ADJUST, facts=facts)
    except InsufficientPointsError:
        balance = format_points(max(state.account.balance, Decimal(0)))
        raise AdjustmentRefusedError(f"Only {balance} points can be taken.", field="points") from None
    except TooManyPointsError:
        raise AdjustmentRefusedError("The balance would be too large.", field="points") from None


def default_last_day(customer: Customer, program_id: int, *, organization: Organization) -> date | None:
    """The last day of points that are added now, by the program's rules; None if they never expire or it gives no day."""
    catalog, now = current_catalog(), clock.now()
    try:
        expiry = _by_rules(customer, program_id, catalog, today=_today(organization))
    except AdjustmentRefusedError:
        return None
    key = AccountKey(customer.pk, program_id)
    state = read_accounts([customer.pk], zone=organization.zone).get(key)
    if state is None:
        return expiry.on
    state.tier_ends = tier_ends_of([customer.pk]).get(key)
    return _last_day(state, expiry, now)


def _last_day(state: AccountState, expiry: Expiry, now: datetime) -> date | None:
    lot = PointsLot(awarded_at=now, expires_on=expiry.on, moves=expiry.moves, moves_months=expiry.months)
    return state.last_day(lot)


def _expiry(draft: Draft, *, customer: Customer, program_id: int, catalog: ProgramCatalog, today: date) -> Expiry:
    if draft.expiry == When.NEVER:
        return Expiry()
    expiry = Expiry(on=draft.expires_on) if draft.expiry == When.DAY else _by_rules(customer, program_id, catalog, today=today)
    if expiry.on is not None and expiry.on < today:
        raise AdjustmentRefusedError("The expiry date is in the past.", field="expires_on")
    return expiry


def _by_rules(customer: Customer, program_id: int, catalog: ProgramCatalog, *, today: date) -> Expiry:
    """The expiry of the program's first earning rule."""
    zone = customer.organization.zone
    try:
        return expiry_of(
            catalog.by_id[program_id].rules.default_expiry,
            awarded_on=today,
            registered_on=customer.registered_on.astimezone(zone).date(),
            field_date=field_dates(customer, catalog.date_fields),
        )
    except ExpiryError:
        raise AdjustmentRefusedError(
            "The program's rules give no expiry date for this customer: enter one.", field="expires_on"
        ) from None


def _today(organization: Organization) -> date:
    return clock.now().astimezone(organization.zone).date()
