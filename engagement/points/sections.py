"""Sections of customer/get about points, tiers and programs (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customers.profile.models import Customer
from customers.profile.reading import Payloads, Reading
from engagement.points import payloads
from engagement.points.balances import Balance, Balances, memberships_of, read_balances
from engagement.points.group_points import points_of_groups
from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsEntry, PointsLot
from engagement.points.moved_accounts import with_moved
from engagement.programs.catalog import ApplicablePrograms, CurrentProgram, ProgramCatalog, load_catalog
from loyalty_project import clock
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.sections import Section

MOST_PROMOTIONS = 1000
_LONGEST_ID = 19
# The figures if the database does not give them.
_UNREAD: Mapping[str, Any] = {"lifetime_points": 0, "loyalty_points": 0, "current_slab": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsView:
    """What the blocks of points are made of, read once for all customers of a call."""

    reading: Reading
    now: datetime
    catalog: ProgramCatalog
    balances: Balances
    applicable: Mapping[int, ApplicablePrograms]
    program_id: int | None

    def balances_of(self, customer_id: int) -> list[tuple[CurrentProgram, Balance]]:
        """Programs and balances with an account; only that of the program that was asked for."""
        return [
            (current, balance)
            for current, balance in self.balances.in_active_programs(customer_id, self.catalog)
            if balance.state and self.program_id in {None, current.program.pk}
        ]

    def states_of(self, customer_id: int) -> list[AccountState]:
        """The accounts of these balances."""
        return [balance.state for _, balance in self.balances_of(customer_id) if balance.state]


Block = Callable[[dict[int, dict[str, Any]], PointsView], None]


def points_section(further_blocks: Mapping[str, Block]) -> Section[Reading]:
    """The section of points and tiers. `further_blocks` adds blocks of nouns above this one, by the flag that asks for each.

    What is due by now is settled first. Warning 91001 and zeros if the database does not give the figures.
    """
    blocks = {**_BLOCKS, **further_blocks}

    def points(ids: Sequence[int], reading: Reading) -> Payloads:
        if reading.wants("basic"):
            return {}
        found: dict[int, dict[str, Any]] = {}
        with reading.may_fail(Code.POINTS_UNAVAILABLE):
            view = _read_view(ids, reading)
            found = {customer_id: _balance(customer_id, view) for customer_id in ids}
            for flag, add in blocks.items():
                if reading.wants(flag):
                    add(found, view)
        return found or {customer_id: dict(_UNREAD) for customer_id in ids}

    return points


def group_points(ids: Sequence[int], reading: Reading) -> Payloads:
    """`group_points_summaries`, with `user_group` or `mlp`: one query, and more only if something is due. Warning 91001."""
    if reading.wants("basic") or not (reading.wants("user_group") or reading.wants("mlp")):
        return {}
    program_id = _program_id(reading)
    found: dict[int, list[dict[str, str]]] = {customer_id: [] for customer_id in ids}
    with reading.may_fail(Code.POINTS_UNAVAILABLE):
        for customer_id, rows in points_of_groups(ids, organization=reading.organization).items():
            found[customer_id] = [payloads.group_points_row(row) for row in rows if program_id in {None, row.program_id}]
    return {customer_id: {"group_points_summaries": {"group_points_summary": rows}} for customer_id, rows in found.items()}


def _read_view(ids: Sequence[int], reading: Reading) -> PointsView:
    catalog = load_catalog()
    return PointsView(
        reading=reading,
        now=clock.now(),
        catalog=catalog,
        balances=read_balances(ids, organization=reading.organization),
        applicable=catalog.programs_for_each(reading.store, ids),
        program_id=_program_id(reading),
    )


def _program_id(reading: Reading) -> int | None:
    """Id of the program that the call names; None if it names none, or nothing that can be an id."""
    given = reading.query.get("program_id", "")
    return int(given) or None if given.isascii() and given.isdigit() and len(given) <= _LONGEST_ID else None


def _balance(customer_id: int, view: PointsView) -> dict[str, Any]:
    balance = view.balances.applicable(customer_id, view.applicable[customer_id])
    payload: dict[str, Any] = {
        "lifetime_points": balance.totals.lifetime,
        "loyalty_points": balance.spendable,
        "current_slab": balance.current_slab,
    }
    if view.reading.wants("next_slab"):
        tiers = view.catalog.by_id[balance.program_id].tiers if balance.program_id else ()
        following = payloads.next_tier(balance.tier, tiers)
        payload |= {
            "next_slab": following.name if following else "",
            "next_slab_serial_number": str(following.position) if following else payloads.NO_NUMBER,
            "next_slab_description": following.description if following else "",
        }
    return payload


def _summaries(found: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`points_summaries`, a row for each program (with `mlp`). One query."""
    registered = dict(Customer.objects.filter(pk__in=found).values_list("pk", "registered_on"))
    for customer_id, payload in found.items():
        rows = []
        for current, balance in view.balances_of(customer_id):
            summary = payloads.points_summary(
                balance,
                tiers=current.tiers,
                registered_on=registered[customer_id],
                zone=view.reading.organization.zone,
            )
            rows.append({**summary, **payloads.program_extras(current, balance)})
        payload["points_summaries"] = {"points_summary": rows}


def _summary(found: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`points_summary`: all programs summed."""
    for customer_id, payload in found.items():
        payload["points_summary"] = payloads.summed([state.account for state in view.states_of(customer_id)])


def _schedule(found: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`expiry_schedule`: future expiries, the earliest first."""
    for customer_id, payload in found.items():
        payload["expiry_schedule"] = {"schedule": payloads.expiry_rows(view.states_of(customer_id))}


def _promised(found: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`delayed_accrual`: points promised, and when they may be spent."""
    for customer_id, payload in found.items():
        payload["delayed_accrual"] = payloads.promised_block(view.states_of(customer_id), view.reading.organization.zone)


def _expired(found: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`expired_points`: what expired and when, the newest first. One query."""
    accounts = {state.account.pk: state for customer_id in found for state in view.states_of(customer_id)}
    # Points that expired before a merge are on the account that moved.
    own = PointsEntry.objects.filter(account__in=with_moved(accounts))
    stored = own.filter(kind=PointsEntry.Kind.EXPIRE, points__lt=0).select_related("account")
    entries = [*stored, *(entry for state in accounts.values() for entry in state.entries if entry.pk is None)]
    rows: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.occurred_at, reverse=True):
        if entry.kind == PointsEntry.Kind.EXPIRE:
            row = payloads.expired_row(entry, entry.account.program_id, view.reading.organization.zone)
            rows[entry.account.customer_id].append(row)
    for customer_id, payload in found.items():
        payload["expired_points"] = {"item": rows[customer_id]}


def _promotions(found: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`promotion_points`: promotional lots with the place that gave them, the newest first. One query."""
    states = {state.account.pk: state for customer_id in found for state in view.states_of(customer_id)}
    # A lot that came by a merge was given before, on the account that moved; entries have the index by account.
    own = PointsLot.objects.filter(entry__account__in=with_moved(states))
    given = own.filter(kind=PointsLot.Kind.PROMOTIONAL, moved_from=None)
    lots = given.select_related("account", "entry__till")
    rows: defaultdict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: {"customer": [], "transactions": []})
    for lot in lots.order_by("-awarded_at", "-pk"):
        state = states[lot.account.moved_to_id or lot.account_id]
        of_kind = rows[state.account.customer_id]["transactions" if lot.bill_id else "customer"]
        if len(of_kind) < MOST_PROMOTIONS:
            of_kind.append(payloads.promotion_row(lot, state))
    for customer_id, payload in found.items():
        payload["promotion_points"] = {
            "customer": {"item": rows[customer_id]["customer"]},
            "transactions": {"item": rows[customer_id]["transactions"]},
            # Rules look at bills as a whole: no line earns by itself.
            "lineitems": {"item": []},
        }


def _programs(found: dict[int, dict[str, Any]], view: PointsView) -> None:
    """`programs_list`: the organization's programs."""
    programs = [current for current in view.catalog.active if view.program_id in {None, current.program.pk}]
    block = {"program": [payloads.program_row(current) for current in programs]}
    for payload in found.values():
        payload["programs_list"] = block


_BLOCKS: dict[str, Block] = {
    "mlp": _summaries,
    "points_summary": _summary,
    "expiry_schedule": _schedule,
    "expired_points": _expired,
    "delayed_accrual": _promised,
    "promotion_points": _promotions,
    "program_summary": _programs,
}


_DAYS_AHEAD = ("gap_to_upgrade_for", "gap_to_renew_for")


def program_refusals(ids: Sequence[int], reading: Reading) -> dict[int, Code]:
    """Codes of the customers whose item fails for the program that the call names: 1020 for customers outside the program.

    All fail with 400 if the program, or the days ahead of a gap, is not a number.
    """
    if any(not (days.isascii() and days.isdigit()) for name in _DAYS_AHEAD if (days := reading.query.get(name, ""))):
        return dict.fromkeys(ids, Code.INVALID_INPUT)
    given = reading.query.get("program_id", "")
    if given in {"", "0"}:
        return {}
    if not (given.isascii() and given.isdigit()):
        return dict.fromkeys(ids, Code.INVALID_INPUT)
    named = _program_id(reading)
    members = {key.customer_id for key in memberships_of(ids) if key.program_id == named} if named else set()
    return dict.fromkeys(set(ids) - members, Code.NOT_IN_PROGRAM)
