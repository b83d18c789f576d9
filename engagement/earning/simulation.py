"""What would a bill bring? The rules of earning, asked without writing anything (docs/operating.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.models import Bill
from engagement.earning.awarding import Earning, ready, sale_of
from engagement.earning.rules import Award, NoAward, earn
from engagement.numbers.rounding import TooManyPointsError
from engagement.points.balances import memberships_of
from engagement.points.expiry import Expiry, ExpiryError
from engagement.points.models import PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.models import Membership, Program, ProgramVersion
from loyalty_project.protocol.numbers import plain_digits
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

_MOVES = {
    PointsLot.Moves.LAST_ACTIVITY: "months after the last bill",
    PointsLot.Moves.ROLLING: "months after the last points earned",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What a bill would bring in one program by `version` of its rules: in their order what each gives, or why it does not.

    `obstacle` says why nothing is given at all, where that is so.
    """

    program: Program
    version: ProgramVersion
    outcomes: Sequence[Earning | NoAward] = ()
    obstacle: str = ""

    def in_words(self) -> list[str]:
        """A headline and a sentence for each rule."""
        name = f"{self.program.name}, version {self.version.number} of its rules"
        if self.obstacle:
            return [f"{name}: {self.obstacle}."]
        return [f"{name}:", *(_sentence(outcome) for outcome in self.outcomes)]


def simulate_bill(
    customer: Customer,
    *,
    amount: Decimal,
    at: datetime,
    store: Store | None,
    catalog: ProgramCatalog,
    organization: Organization,
) -> list[Simulated]:
    """Simulate a sale in each program that applies in `store`, the till's program first. Nothing is written.

    It uses the rules in force at `at` and the tier of today. Only loyalty customers earn.
    """
    if customer.type != Customer.Type.LOYALTY:
        return []
    cards = catalog.card_series_of([customer.pk]).get(customer.pk, set())
    memberships = memberships_of([customer.pk])
    fields = catalog.expiry_fields
    billed_on = at.astimezone(organization.zone).date()
    bill = Bill(organization=organization, customer=customer, amount=amount, billed_at=at, billed_on=billed_on, store=store)
    return [
        _simulate(
            bill,
            current,
            catalog.version_at(current, at),
            memberships.get(AccountKey(customer.pk, current.program.pk)),
            customer=customer,
            organization=organization,
            fields=fields,
        )
        for current in catalog.programs_for(store, card_series=cards).both()
    ]


def _simulate(
    bill: Bill,
    current: CurrentProgram,
    version: ProgramVersion,
    membership: Membership | None,
    *,
    customer: Customer,
    organization: Organization,
    fields: Sequence[FieldDefinition],
) -> Simulated:
    if membership is None:
        return Simulated(program=current.program, version=version, obstacle="the customer is no member")
    policy = organization.policy
    if any(blocks(customer, action, policy) for action in (Block.TRANSACTIONS, Block.POINTS_ISSUE)):
        return Simulated(program=current.program, version=version, obstacle="the customer's status label forbids it")
    if current.program.is_paused:
        return Simulated(program=current.program, version=version, obstacle="the program is paused")
    tier = membership.tier.name if membership.tier else ""
    try:
        results = earn(version.typed_rules, sale_of(bill, tier, customer=customer, policy=policy))
        awards = [result for result in results if isinstance(result, Award)]
        earnings = ready(awards, billed_on=bill.billed_on, customer=customer, organization=organization, fields=fields)
    except TooManyPointsError:
        return Simulated(program=current.program, version=version, obstacle="these are more points than can be kept")
    except ExpiryError as error:
        return Simulated(program=current.program, version=version, obstacle=str(error))
    of_awards = iter(earnings)
    return Simulated(
        program=current.program,
        version=version,
        outcomes=[result if isinstance(result, NoAward) else next(of_awards) for result in results],
    )


def _sentence(outcome: Earning | NoAward) -> str:
    if isinstance(outcome, NoAward):
        return f"Rule {outcome.rule} gives nothing: {outcome.reason}."
    award = outcome.award
    capped = f", cut from {award.figures['exact']} by its cap" if award.is_capped else ""
    promised = f", promised until {outcome.credited_on.isoformat()}" if outcome.opens_at else ""
    return (
        f"Rule {award.rule} gives {plain_digits(award.points)} {award.kind} points{capped}{promised}; {_until(outcome.expiry)}."
    )


def _until(expiry: Expiry) -> str:
    if expiry.on is not None:
        return f"they are good until {expiry.on.isoformat()}"
    if expiry.moves == PointsLot.Moves.MEMBERSHIP:
        return "they expire with the tier"
    if expiry.moves:
        return f"they expire {expiry.months} {_MOVES[PointsLot.Moves(expiry.moves)]}"
    return "they never expire"
