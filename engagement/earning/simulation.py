"""What would a bill bring? The rules of earning, asked without writing anything (docs/operating.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.models import Bill
from engagement.earning.awarding import Earning, ready, sale_of
from engagement.earning.circumstances import Circumstances, read_circumstances
from engagement.earning.rules import NoAward, earn
from engagement.earning.sales import SaleLine
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
    PointsLot.Moves.LAST_ACTIVITY: "months after the last activity",
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

    @property
    def points(self) -> Decimal:
        """The points that all rules give together, promised ones included."""
        return sum((outcome.award.points for outcome in self.outcomes if isinstance(outcome, Earning)), Decimal(0))

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
    lines: Sequence[SaleLine] = (),
) -> list[Simulated]:
    """Simulate a sale in each program that applies in `store`, the till's program first. Nothing is written.

    It uses the rules in force at `at`, the tier and segments of today, and what capped rules have given by now. Only loyalty
    customers earn.
    """
    if customer.type != Customer.Type.LOYALTY:
        return []
    cards = catalog.card_series_of([customer.pk]).get(customer.pk, set())
    memberships = memberships_of([customer.pk])
    fields = catalog.date_fields
    billed_on = at.astimezone(organization.zone).date()
    # No stored bill has the id 0.
    bill = Bill(
        pk=0, organization=organization, customer=customer, amount=amount, billed_at=at, billed_on=billed_on, store=store
    )
    programs = catalog.programs_for(store, card_series=cards).both()
    versions = {current.program.pk: catalog.version_at(current, at) for current in programs}
    rules = [rule for version in versions.values() for rule in version.typed_rules.earning]
    circumstances = read_circumstances([bill], rules)
    return [
        simulate_in_program(
            bill,
            current,
            versions[current.program.pk],
            memberships.get(AccountKey(customer.pk, current.program.pk)),
            customer=customer,
            circumstances=replace(circumstances, lines={bill.pk: tuple(lines)}),
            organization=organization,
            fields=fields,
        )
        for current in programs
    ]


def simulate_in_program(
    bill: Bill,
    current: CurrentProgram,
    version: ProgramVersion,
    membership: Membership | None,
    *,
    customer: Customer,
    circumstances: Circumstances,
    organization: Organization,
    fields: Sequence[FieldDefinition],
) -> Simulated:
    """What a sale brings in one program by a version of its rules, the tier of the membership, and these circumstances."""
    if membership is None:
        return Simulated(program=current.program, version=version, obstacle="the customer is no member")
    policy = organization.policy
    if any(blocks(customer, action, policy) for action in (Block.TRANSACTIONS, Block.POINTS_ISSUE)):
        return Simulated(program=current.program, version=version, obstacle="the customer's status label forbids it")
    if current.program.is_paused:
        return Simulated(program=current.program, version=version, obstacle="the program is paused")
    tier = membership.tier.name if membership.tier else ""
    try:
        sale = sale_of(
            bill,
            tier,
            rules=version.typed_rules,
            program_id=current.program.pk,
            customer=customer,
            circumstances=circumstances,
            organization=organization,
            fields=fields,
        )
        results = earn(version.typed_rules, sale)
        outcomes = ready(results, billed_on=bill.billed_on, customer=customer, organization=organization, fields=fields)
    except TooManyPointsError:
        return Simulated(program=current.program, version=version, obstacle="these are more points than can be kept")
    except ExpiryError as error:
        return Simulated(program=current.program, version=version, obstacle=str(error))
    return Simulated(program=current.program, version=version, outcomes=outcomes)


def _sentence(outcome: Earning | NoAward) -> str:
    if isinstance(outcome, NoAward):
        return f"Rule {outcome.rule} gives nothing: {outcome.reason}."
    award = outcome.award
    how = f" on {award.figures['base']} of its lines" if "base" in award.figures else ""
    if "multiply" in award.figures:
        rules = ", ".join(award.figures["of"])
        how = f", {award.figures['multiply']} times the {award.figures['multiplied']} of {rules} in all"
    period = award.figures.get("cap_of")
    capped = f", cut from {award.figures['exact']} by its cap for a {period}" if period else ""
    promised = f", promised until {outcome.credited_on.isoformat()}" if outcome.opens_at else ""
    points = f"{plain_digits(award.points)} {award.kind} points"
    return f"Rule {award.rule} gives {points}{how}{capped}{promised}; {_until(outcome.expiry)}."


def _until(expiry: Expiry) -> str:
    if expiry.on is not None:
        return f"they are good until {expiry.on.isoformat()}"
    if expiry.moves == PointsLot.Moves.MEMBERSHIP:
        return "they expire with the tier"
    if expiry.moves:
        return f"they expire {expiry.months} {_MOVES[PointsLot.Moves(expiry.moves)]}"
    return "they never expire"
