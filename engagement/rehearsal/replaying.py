"""A replay of recorded bills by a set of rules: the functions of earning, tiers and expiry, in memory, without their writes."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.earning.awarding import work_bill
from engagement.earning.batch import AwardBatch, BillAward, Terms, read_returned_lines
from engagement.points.errors import PointsStepError
from engagement.points.ledger.entry_gifts import Given, give_entry_points
from engagement.points.ledger.posting import AccountState
from engagement.points.ledger.settlement import settle
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import BillPoints
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.models import Program, ProgramVersion, Tier
from engagement.rehearsal.history import History, copy_of
from engagement.rehearsal.outcome import Outcome
from engagement.tiers.activity import read_line_sums
from loyalty_project.db.instances import new_instance
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A set of rules that is replayed from `since` to `until`, as if in force all the time, in a program that is not paused."""

    current: CurrentProgram
    catalog: ProgramCatalog
    organization: Organization
    by: Actor
    since: datetime
    until: datetime

    @classmethod
    def of_rules(
        cls,
        rules: Mapping[str, Any],
        *,
        program: Program,
        tiers: Sequence[Tier],
        fields: Sequence[FieldDefinition],
        organization: Organization,
        by: Actor,
        since: datetime,
        until: datetime,
    ) -> "Replay":
        """The replay of `rules` as a version stores them; `tiers` are the stored ones."""
        running = copy.copy(program)
        running.is_paused = False
        # A version that is never stored, and that no bill of the period was worked by.
        version = ProgramVersion(organization=organization, program=running, number=2, rules=dict(rules), made_at=until)
        current = CurrentProgram(program=running, version=version, tiers=_tiers_of(version, running, tiers))
        return cls(
            current=current,
            catalog=ProgramCatalog([current], fields=fields),
            organization=organization,
            by=by,
            since=since,
            until=until,
        )

    def run(self, history: History, outcome: Outcome) -> dict[int, str]:
        """Replay the bills and count what they bring; return the tier of each member (customer's id) afterwards."""
        batch = self._batch(history)
        given: dict[AccountKey, Given] = {key: set() for key in batch.states}
        for bill in history.bills:
            key = AccountKey(bill.customer_id or 0, self.current.program.pk)
            if (state := batch.states.get(key)) is not None:
                settle(state, bill.billed_at, recorded_at=self.until)
                self._work(bill, batch, outcome)
                self._give(state, history.customers[key.customer_id], given[key])
        for key, state in batch.states.items():
            settle(state, self.until, recorded_at=self.until)
            self._give(state, history.customers[key.customer_id], given[key])
            outcome.count(state.entries)
        return {
            key.customer_id: state.membership.tier.name if state.membership and state.membership.tier else ""
            for key, state in batch.states.items()
        }

    @staticmethod
    def _work(bill: Bill, batch: AwardBatch, outcome: Outcome) -> None:
        result = BillAward()
        try:
            work_bill(bill, batch, result)
        except PointsStepError:
            outcome.failed += 1
        if not bill.is_return:
            outcome.sales += 1
            outcome.earning_bills += bool(result.entries)

    def _give(self, state: AccountState, customer: Customer, given: Given) -> None:
        give_entry_points(
            state,
            customer,
            policy=self.organization.policy,
            given=given,
            now=self.until,
            fields=self.catalog.date_fields,
        )

    def _batch(self, history: History) -> AwardBatch:
        states = self._states(history)
        terms = [Terms(self.current, self.current.version)]
        batch = AwardBatch(
            organization=self.organization,
            policy=self.organization.policy,
            catalog=self.catalog,
            by=self.by,
            now=self.until,
            # The replay settles each account before each bill.
            is_history=False,
            customers=history.customers,
            states=states,
            fields=self.catalog.date_fields,
            terms=dict.fromkeys(history.sales, terms),
            circumstances=replace(history.circumstances, awarded=history.circumstances.awarded.without(())),
        )
        if any(state.tier is not None and state.tier.state.ladder.reads_lines for state in states.values()):
            batch.line_sums = read_line_sums([bill.pk for bill in history.bills])
        returned = {bill.return_of_id for bill in history.bills if bill.is_return and bill.return_of_id is not None}
        if returned and any(rule.reads_lines for rule in self.current.rules.earning):
            read_returned_lines(batch, returned)
        for bill in history.bills:
            if bill.return_of_id is not None and bill.return_of_id in history.older_sales:
                # Counts in purchases and tiers; what it takes back was earned before the period.
                state = states.get(AccountKey(bill.customer_id or 0, self.current.program.pk))
                batch.shares[bill.return_of_id] = [_nothing(bill, state)] if state else []
        return batch

    def _states(self, history: History) -> dict[AccountKey, AccountState]:
        states: dict[AccountKey, AccountState] = {}
        for customer_id, member in history.members.items():
            account, membership = copy_of(member)
            states[AccountKey(customer_id, self.current.program.pk)] = AccountState(
                account=account, zone=self.organization.zone, membership=membership, tier_ends=membership.tier_expires_on
            )
        attach_tiers(
            states.values(),
            until=self.until,
            first=dict.fromkeys(history.members, self.since),
            catalog=self.catalog,
            customers=history.customers,
            policy=self.organization.policy,
            known_before=self.since,
        )
        for key, state in states.items():
            for moved in history.members[key.customer_id].movements if state.tier is not None else ():
                state.tier.add_points(moved.kind, moved.points, moved.at, None)  # type: ignore[union-attr]  # just checked
        return states


def _nothing(bill: Bill, state: AccountState) -> BillPoints:
    """Points of a sale that a return claims nothing of."""
    return new_instance(
        BillPoints, organization_id=bill.organization_id, bill_id=bill.return_of_id, account_id=state.account.pk
    )


def _tiers_of(version: ProgramVersion, program: Program, stored: Iterable[Tier]) -> tuple[Tier, ...]:
    """The tiers of the rules, lowest first: the stored rows by name, with their new position, else rows that are not stored."""
    known = {tier.name: tier for tier in stored}
    tiers: list[Tier] = []
    for position, rule in enumerate(version.typed_rules.tiers, start=1):
        tier = copy.copy(known[rule.name]) if rule.name in known else Tier(program=program, name=rule.name, pk=-position)
        tier.position = position
        tiers.append(tier)
    return tuple(tiers)
