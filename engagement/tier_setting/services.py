"""Tiers of files, set as of their own moment with a row of the history (docs/imports.md)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.repository import States, lock_accounts, settle_states, write_accounts
from engagement.points.ledger.tiers import TierSetting, set_tier
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.models import Membership, Tier
from engagement.tier_setting.rows import TierRow
from engagement.tiers.models import TierChange
from loyalty_project.db.lookups import is_any_of
from loyalty_project.imports.cells import reason
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor

# Code of a broken constraint, for races that get past the locks.
CONSTRAINTS: Final[Mapping[str, Code]] = {"tier_change_unique": Code.INVALID_INPUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Everything that a batch of rows needs, read once. `imported` are the rows of earlier files by membership."""

    by: Actor
    now: datetime
    catalog: ProgramCatalog
    customers: Mapping[int, Customer]
    states: States
    imported: defaultdict[int, list[TierChange]]


def bring_tiers(
    rows: Sequence[TierRow], *, catalog: ProgramCatalog, by: Actor, now: datetime
) -> list[RowStatus | LoyaltyError]:
    """Set the tiers of the rows, the earliest first, in a constant number of queries; return results in the order given.

    A row is created, or unchanged if a file brought it before. Refusals: 400 for an unknown program or tier, 1013 and 1020 for
    customers outside the program, 1095 without a default program. Points and tiers that
    are due by the row's moment are settled first, later ones by the next read or write. Call it in a transaction; it locks the
    customers, then their accounts.
    """
    if not rows:
        return []
    batch = _open(rows, catalog, by, now)
    results: dict[int, RowStatus | LoyaltyError] = {}
    for index in sorted(range(len(rows)), key=lambda index: rows[index].since or now):
        try:
            results[index] = _bring(rows[index], batch)
        except LoyaltyError as refusal:
            results[index] = refusal
    write_accounts(batch.states.values())
    return [results[index] for index in range(len(rows))]


def _open(rows: Sequence[TierRow], catalog: ProgramCatalog, by: Actor, now: datetime) -> _Batch:
    ids = {row.customer_id for row in rows}
    customers = lock_customers(ids)
    states = lock_accounts(ids, zone=by.organization.zone)
    imported: defaultdict[int, list[TierChange]] = defaultdict(list)
    held = [state.membership.pk for state in states.values() if state.membership]
    known = TierChange.objects.filter(is_any_of("membership_id", held, BigIntegerField()), cause=TierChange.Cause.IMPORT)
    for change in known:
        imported[change.membership_id].append(change)
    return _Batch(by=by, now=now, catalog=catalog, customers=customers, states=states, imported=imported)


def _bring(row: TierRow, batch: _Batch) -> RowStatus:
    current = _program(row, batch.catalog)
    tier = next((tier for tier in current.tiers if tier.name == row.tier), None)
    if tier is None:
        raise _refusal("tier", row.tier, f"is not a tier of {current.program.name}")
    if batch.customers[row.customer_id].type != Customer.Type.LOYALTY:
        raise LoyaltyError(Code.NOT_LOYALTY)
    state, membership = _member(row, current, batch)
    if any(_is_same(row, tier, known) for known in batch.imported[membership.pk]):
        return RowStatus.UNCHANGED
    since = row.since or batch.now
    settle_states([state], until=min(since, batch.now), recorded_at=batch.now)
    setting = TierSetting(
        tier=tier,
        since=since,
        expires_on=row.expires_on,
        locked_until=row.locked_until,
        cause=TierChange.Cause.IMPORT,
        note=row.note,
        made_by=batch.by.name,
    )
    batch.imported[membership.pk].append(set_tier(state, membership, current, setting, now=batch.now))
    return RowStatus.CREATED


def _member(row: TierRow, current: CurrentProgram, batch: _Batch) -> tuple[AccountState, Membership]:
    state = batch.states.get(AccountKey(row.customer_id, current.program.pk))
    if state is None or state.membership is None:
        problem = "is a program that the customer is not in"
        raise LoyaltyError(Code.NOT_IN_PROGRAM, detail=reason("program", current.program.name, problem))
    return state, state.membership


def _is_same(row: TierRow, tier: Tier, known: TierChange) -> bool:
    """True if a file brought the row before; what it leaves to the rules is not compared."""
    return (
        known.to_tier_id == tier.pk
        and row.since in {None, known.changed_at}
        and row.expires_on in {None, known.to_expires_on}
        and row.note == known.note
    )


def _program(row: TierRow, catalog: ProgramCatalog) -> CurrentProgram:
    if not row.program:
        if catalog.default is None:
            raise LoyaltyError(Code.PROGRAM_INACTIVE, detail="program: it is blank, and no default program is active")
        return catalog.default
    if row.program not in catalog.by_name:
        raise _refusal("program", row.program, "is not a program of the organization")
    return catalog.by_name[row.program]


def _refusal(column: str, value: str, problem: str) -> LoyaltyError:
    return LoyaltyError(Code.INVALID_INPUT, detail=reason(column, value, problem))
