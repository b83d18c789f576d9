"""Posting of imported points, each row as of its own moment (docs/imports.md, History)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, CharField

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from engagement.numbers.rounding import TooManyPointsError
from engagement.points.activity import keep_alive
from engagement.points.balances import Memberships, memberships_of
from engagement.points.expiry import Expiry, ExpiryError, expiry_of
from engagement.points.field_dates import field_dates
from engagement.points.ledger.movements import award, spend
from engagement.points.ledger.posting import AccountState, EntryContext, InsufficientPointsError
from engagement.points.ledger.repository import States, lock_accounts, settle_states, write_accounts
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import PointsEntry, PointsLot
from engagement.points.moved_accounts import account_ids
from engagement.points_import.rows import KINDS, Kind, PointsRow
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.expiry_rules import Activity
from engagement.programs.models import ProgramVersion
from engagement.redemptions.models import Redemption
from engagement.redemptions.voucher_codes import draw_codes
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows
from loyalty_project.imports.cells import precision_problem, reason
from loyalty_project.imports.numbers import has_decimals
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits
from loyalty_project.protocol.plain_text import read_code
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition

# Code of a broken constraint, for races that get past the locks.
CONSTRAINTS: Mapping[str, Code] = {"points_entry_reference_unique": Code.INVALID_INPUT}
Reference = tuple[int, str, str]
_ACTIVITIES: Mapping[str, Activity] = {Kind.AWARD: Activity.AWARD, Kind.REDEEM: Activity.REDEMPTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posted:
    """A posting that a reference already has."""

    content: tuple[Any, ...]
    expires_on: date | None

    def is_same(self, content: tuple[Any, ...], expires_on: date | None) -> bool:
        """True if a row has the same content; an expiry that it leaves to the rules is not compared."""
        return self.content == content and expires_on in {None, self.expires_on}


@dataclass(slots=True, kw_only=True)
class _Batch:
    """Everything that a batch of postings needs, read once, and the redemptions that they add."""

    by: Actor
    now: datetime
    catalog: ProgramCatalog
    customers: Mapping[int, Customer]
    states: States
    memberships: Memberships
    known: dict[Reference, list[_Posted]]
    fields: Sequence[FieldDefinition]
    redemptions: dict[int, Redemption] = field(default_factory=dict)  # by the row's identity


def post_history(
    rows: Sequence[PointsRow], *, catalog: ProgramCatalog, by: Actor, now: datetime
) -> list[RowStatus | LoyaltyError]:
    """Post the rows, the earliest first, in a constant number of queries; return the results in the order given.

    A posting is created, or unchanged if it exists with the same content. Refusals: 400 for an unknown program, too many
    decimals, and a reference with other content; 1013 and 1020 for customers outside the program; 1010 for more points than the
    balance at that moment; 1087, 1091, 1093, 1095 for what the program or the account cannot do. Points due after the row's
    moment are settled by the next read or write. Call it in a transaction; it locks the customers, then their accounts.
    """
    if not rows:
        return []
    batch = _open(rows, catalog, by, now)
    results: dict[int, RowStatus | LoyaltyError] = {}
    for index in sorted(range(len(rows)), key=lambda index: rows[index].occurred_at):
        try:
            results[index] = _post_row(rows[index], batch)
        except LoyaltyError as refusal:
            results[index] = refusal
    _write(rows, batch)
    return [results[index] for index in range(len(rows))]


def _open(rows: Sequence[PointsRow], catalog: ProgramCatalog, by: Actor, now: datetime) -> _Batch:
    ids = {row.customer_id for row in rows}
    customers = lock_customers(ids)
    states = lock_accounts(ids, zone=by.organization.zone)
    memberships = memberships_of(ids)
    for key, state in states.items():
        state.tier_ends = memberships[key].tier_expires_on if key in memberships else None
    firsts: dict[int, datetime] = {}
    for row in rows:
        firsts[row.customer_id] = min(row.occurred_at, firsts.get(row.customer_id, row.occurred_at))
    attach_tiers(
        states.values(),
        until=max(firsts.values()),
        first=firsts,
        catalog=catalog,
        customers=customers,
        policy=by.organization.policy,
        made_by=by.name,
    )
    return _Batch(
        by=by,
        now=now,
        catalog=catalog,
        customers=customers,
        states=states,
        memberships=memberships,
        known=_known(states, {reference for row in rows for reference in (row.reference, row.sent_reference)}),
        fields=catalog.date_fields,
    )


def _known(states: States, references: set[str]) -> dict[Reference, list[_Posted]]:
    """The postings by reference. Both customers of a merge may have used one: each of them is known with its content."""
    # Accounts that came by merges included.
    accounts = {pk: key for key, pks in account_ids({key.customer_id for key in states}).items() for pk in pks}
    entries = (
        PointsEntry.objects.filter(
            is_any_of("account_id", accounts, BigIntegerField()), is_any_of("reference", references, CharField())
        )
        .filter(kind__in=KINDS)
        .exclude(reference="")
        .select_related("lot")
    )
    known: defaultdict[Reference, list[_Posted]] = defaultdict(list)
    for entry in entries:
        key = accounts[entry.account_id]
        known[key.customer_id, entry.kind, read_code(entry.reference)].append(_posted(entry, key.program_id))
    return dict(known)


def _posted(entry: PointsEntry, program_id: int) -> _Posted:
    lot: PointsLot | None = getattr(entry, "lot", None)
    content = (program_id, entry.points, entry.occurred_at, entry.store_id, entry.till_id, entry.note)
    return _Posted(content=content, expires_on=lot.expires_on if lot else None)


def _content(row: PointsRow, program_id: int) -> tuple[Any, ...]:
    points = -row.points if row.kind in {Kind.REDEEM, Kind.EXPIRE} else row.points
    store, till = row.store.pk if row.store else None, row.till.pk if row.till else None
    return program_id, points, row.occurred_at, store, till, row.note


def _post_row(row: PointsRow, batch: _Batch) -> RowStatus:
    current = _program(row, batch)
    key = AccountKey(row.customer_id, current.program.pk)
    if batch.customers[row.customer_id].type != Customer.Type.LOYALTY:
        raise LoyaltyError(Code.NOT_LOYALTY)
    if key not in batch.memberships:
        raise _refusal(Code.NOT_IN_PROGRAM, "program", current.program.name, "is a program that the customer is not in")
    if key not in batch.states:
        raise _refusal(Code.POINTS_ACCOUNT_MISSING, "program", current.program.name, "has no account of the customer")
    if not has_decimals(row.points, current.rules.precision):
        problem = precision_problem(current.rules.precision)
        raise _refusal(Code.INVALID_INPUT, "points", plain_digits(row.points), problem)
    reference = (row.customer_id, str(row.kind), row.reference)
    content = _content(row, current.program.pk)
    if reference in batch.known:
        if any(posted.is_same(content, row.expires_on) for posted in batch.known[reference]):
            return RowStatus.UNCHANGED
        problem = f"is a reference of another {row.kind} of this customer, with other content"
        raise _refusal(Code.INVALID_INPUT, "reference", row.reference, problem)
    state = batch.states[key]
    settle_states([state], until=min(row.occurred_at, batch.now), recorded_at=batch.now)
    version = batch.catalog.version_at(current, row.occurred_at)
    try:
        expires_on = _post(row, state, version, batch)
    except InsufficientPointsError:
        problem = f"is more than the balance of {write_moment(row.occurred_at, state.zone)}"
        raise _refusal(Code.POINTS_NOT_UPDATED, "points", plain_digits(row.points), problem) from None
    except TooManyPointsError:
        problem = "is more than an account can hold together with its balance"
        raise _refusal(Code.POINTS_NOT_REPRESENTABLE, "points", plain_digits(row.points), problem) from None
    state.advance_tier(row.occurred_at)
    batch.known[reference] = [_Posted(content=content, expires_on=expires_on)]
    return RowStatus.CREATED


def _program(row: PointsRow, batch: _Batch) -> CurrentProgram:
    if not row.program:
        if batch.catalog.default is None:
            raise LoyaltyError(Code.PROGRAM_INACTIVE, detail="program: it is blank, and no default program is active")
        return batch.catalog.default
    if row.program not in batch.catalog.by_name:
        raise _refusal(Code.INVALID_INPUT, "program", row.program, "is not a program of the organization")
    return batch.catalog.by_name[row.program]


def _post(row: PointsRow, state: AccountState, version: ProgramVersion, batch: _Batch) -> date | None:
    """Move the points; return the last day of the new lot, None if there is no lot or it has no day of its own."""
    facts = EntryContext(
        occurred_at=row.occurred_at,
        recorded_at=batch.now,
        made_by=batch.by.name,
        reference=row.reference,
        version=version,
        till=row.till,
        store=row.store,
        note=row.note,
        explanation={"because": "import"},
    )
    day = row.occurred_at.astimezone(state.zone).date()
    if row.kind in _ACTIVITIES:
        keep_alive(state, _ACTIVITIES[row.kind], on=day, rules=version.typed_rules)
    if row.kind == Kind.AWARD or (row.kind == Kind.ADJUST and row.points > 0):
        expiry = _expiry(row, version, batch)
        award(state, row.points, facts=facts, expiry=expiry, as_adjustment=row.kind == Kind.ADJUST)
        if expiry.moves == PointsLot.Moves.ROLLING:
            state.account.last_earned_on = max(state.account.last_earned_on or day, day)
        return expiry.on
    entry = spend(state, abs(row.points), kind=row.kind, facts=facts)
    if row.kind == Kind.REDEEM:
        redemption = Redemption(organization=batch.by.organization, account=state.account, entry=entry, points=row.points)
        batch.redemptions[id(row)] = redemption
    return None


def _expiry(row: PointsRow, version: ProgramVersion, batch: _Batch) -> Expiry:
    """The stated last day, or the expiry of the first earning rule. Raises `LoyaltyError` 1093 if that gives no date."""
    if row.expires_on is not None:
        return Expiry(on=row.expires_on)
    zone, customer = batch.by.organization.zone, batch.customers[row.customer_id]
    try:
        return expiry_of(
            version.typed_rules.default_expiry,
            awarded_on=row.occurred_at.astimezone(zone).date(),
            registered_on=customer.registered_on.astimezone(zone).date(),
            field_date=field_dates(customer, batch.fields),
        )
    except ExpiryError:
        problem = "expires_on: it is blank, and the first earning rule of the program gives no day that is not past"
        raise LoyaltyError(Code.EXPIRY_NOT_COMPUTED, detail=problem) from None


def _refusal(code: Code, column: str, value: str, problem: str) -> LoyaltyError:
    return LoyaltyError(code, detail=reason(column, value, problem))


def _write(rows: Sequence[PointsRow], batch: _Batch) -> None:
    write_accounts(batch.states.values())
    # Ids grow in the order of the rows, as those of bills do.
    redemptions = [batch.redemptions[id(row)] for row in rows if id(row) in batch.redemptions]
    if not redemptions:
        return
    for redemption, code in zip(redemptions, draw_codes(len(redemptions)), strict=True):
        redemption.code, redemption.entry_id = code, redemption.entry.pk
    insert_rows(redemptions)
