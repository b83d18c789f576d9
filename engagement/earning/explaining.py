"""Why a recorded sale brought its points, or none: rule by rule, for staff."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from engagement.bills.models import Bill
from engagement.earning.circumstances import read_circumstances
from engagement.earning.rules import NoAward
from engagement.earning.simulation import simulate_in_program
from engagement.points.balances import memberships_of
from engagement.points.explanations import explain
from engagement.points.models import BillPoints, PointsEntry
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ProgramCatalog
from engagement.programs.models import Program, ProgramVersion
from organizations.tenancy.models import Organization

Kind = PointsEntry.Kind
_UNKNOWN: Final = "It gave nothing when the bill came. Tier, segments or status of the customer were others then."


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplanation:
    """What a rule gave, and why; `points` is None if it gave nothing. `rule` is "" for points that no rule gave."""

    rule: str
    points: Decimal | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramExplanation:
    """A program in which a sale counted: the version of its rules, and what each of them gave. `obstacle` holds today."""

    program: Program
    version: ProgramVersion
    rules: Sequence[RuleExplanation]
    obstacle: str = ""


def explain_sale(
    bill: Bill,
    *,
    shares: Sequence[BillPoints],
    entries: Sequence[PointsEntry],
    catalog: ProgramCatalog,
    organization: Organization,
) -> list[ProgramExplanation]:
    """Explain a sale in each program in which it counted. Nothing is written; a constant number of queries.

    `shares` are the bill's points with account and program, `entries` its ledger entries with program version. What was given
    is as it was posted. The reason of a rule that gave nothing is computed anew: by the rules of the bill, by what capped rules
    had given before it, and by the tier, segments and status of today.
    """
    customer = bill.customer
    if customer is None or not shares:
        return []
    given: defaultdict[int, list[PointsEntry]] = defaultdict(list)
    for entry in entries:
        if entry.bill_id == bill.pk and entry.kind in {Kind.AWARD, Kind.PROMISE}:
            given[entry.account_id].append(entry)
    # A program that is no longer in the configuration cannot be explained.
    explained = [share for share in shares if share.account.program_id in catalog.by_id]
    versions = {share.pk: _version(share, given[share.account_id], bill, catalog) for share in explained}
    circumstances = read_circumstances([bill], [rule for each in versions.values() for rule in each.typed_rules.earning])
    circumstances = replace(circumstances, awarded=circumstances.awarded.of_bills_before(bill))
    memberships = memberships_of([customer.pk])
    explanations = []
    for share in explained:
        current, version = catalog.by_id[share.account.program_id], versions[share.pk]
        simulated = simulate_in_program(
            bill,
            current,
            version,
            memberships.get(AccountKey(customer.pk, current.program.pk)),
            customer=customer,
            circumstances=circumstances,
            organization=organization,
            fields=catalog.date_fields,
        )
        reasons = {
            outcome.rule: f"{outcome.reason[:1].upper()}{outcome.reason[1:]}."
            for outcome in simulated.outcomes
            if isinstance(outcome, NoAward)
        }
        explanations.append(
            ProgramExplanation(
                program=current.program,
                version=version,
                rules=_rules(version, given[share.account_id], {} if bill.stated_points is not None else reasons, bill),
                obstacle=simulated.obstacle,
            )
        )
    return explanations


def _version(share: BillPoints, given: Sequence[PointsEntry], bill: Bill, catalog: ProgramCatalog) -> ProgramVersion:
    """The version of the rules that awarded the bill."""
    named = next((entry.program_version for entry in given if entry.program_version is not None), None)
    return named or catalog.version_at(catalog.by_id[share.account.program_id], bill.billed_at)


def _rules(version: ProgramVersion, given: Sequence[PointsEntry], reasons: dict[str, str], bill: Bill) -> list[RuleExplanation]:
    of_rule: defaultdict[str, list[PointsEntry]] = defaultdict(list)
    for entry in given:
        of_rule[entry.explanation.get("rule", "")].append(entry)
    names = [rule.name for rule in version.typed_rules.earning]
    if bill.stated_points is not None:
        names = []
    rows = [_given(name, of_rule[name]) for name in of_rule if name not in names]
    for name in names:
        if name in of_rule:
            rows.append(_given(name, of_rule[name]))
        else:
            rows.append(RuleExplanation(rule=name, points=None, why=reasons.get(name, _UNKNOWN)))
    return rows


def _given(name: str, entries: Sequence[PointsEntry]) -> RuleExplanation:
    points = sum((entry.points + entry.promised for entry in entries), Decimal(0))
    return RuleExplanation(rule=name, points=points, why=" ".join(explain(entry) for entry in entries))


def obstacle_to_earning(bill: Bill, *, has_shares: bool) -> str:
    """Why a sale that counted in no program earned nothing, in a sentence; "" for a return and for one that counted."""
    if bill.is_return or has_shares:
        return ""
    if bill.customer is None:
        return "It has no customer, so nobody earns points for it."
    if not bill.counts:
        return f"It is marked as {bill.get_outlier_status_display().lower()}, so it earns nothing."
    if bill.customer.type != bill.customer.Type.LOYALTY:
        return f"{bill.customer} is not a loyalty member, so it earns nothing."
    return "The customer was in no program that counts at this store when the bill came, so it earned nothing."
