"""Sections of customer/get about points, tiers and programs (docs/protocol.md 4.5)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values, no_parameters
from engagement.points import payloads
from engagement.points.balances import (
    LOTS,
    NO_BALANCE,
    ROWS,
    Balance,
    active_balances,
    applicable_balance,
    balances_of_row,
    is_due,
    settled_in_memory,
)
from engagement.points.ledger.posting import AccountState
from engagement.points.lot_rows import LOT, day_of, read_lot
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.asked import program_asked
from engagement.programs.catalog import CARD_SERIES_COLUMN, CurrentProgram, ProgramCatalog, load_catalog
from engagement.tiers.member import tier_state
from engagement.tiers.payloads import (
    renewal_gap,
    renewal_obstacle,
    retention_criteria,
    tier_above,
    upgrade_criteria,
    upgrade_gap,
    upgrade_obstacle,
)
from engagement.tiers.rules import Activity
from engagement.tiers.sections import ACTIVITIES, activities_by_account, activity_parameters
from loyalty_project.db.rows import read_instance
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.numbers import plain_digits
from organizations.locations.names import load_names

MOST_PROMOTIONS: Final = 1000
_DAYS_AHEAD: Final = ("gap_to_upgrade_for", "gap_to_renew_for")
# The figures if the database does not give them.
_UNREAD: Final[Mapping[str, Any]] = {"lifetime_points": 0, "loyalty_points": 0, "current_slab": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPoints:
    """What the blocks about one customer's points are made of."""

    customer: CustomerRow
    reading: Reading
    catalog: ProgramCatalog
    balances: Mapping[int, Balance]
    applicable: Balance
    activities: Mapping[int, Sequence[Activity]]

    def warn(self, code: Code | None) -> bool:
        """Add a warning to the customer's item, once; True if there is one."""
        notices = self.reading.own_notices[self.customer.pk]
        if code is not None and Notice(code) not in notices:
            notices.append(Notice(code))
        return code is not None

    def day_asked(self, flag: str) -> date:
        """The day for which a gap is asked, so many days ahead."""
        return self.reading.now.astimezone(self.reading.zone).date() + timedelta(days=int(self.reading.query[flag]))

    def rows(self) -> list[tuple[CurrentProgram, Balance]]:
        """Active programs and balances with an account; only that of the program that the call names."""
        program_id = program_asked(self.reading)
        return [
            (current, balance)
            for current, balance in active_balances(self.balances, self.catalog)
            if balance.state and program_id in {None, current.program.pk}
        ]

    def states(self) -> list[AccountState]:
        """The accounts of these balances."""
        return [balance.state for _, balance in self.rows() if balance.state]


def points(reading: Reading) -> Section | None:
    """Points and tiers, unless the query asks for the basics alone.

    What is due by now is settled first. Warning 91001 and zeros if the database does not give the figures.
    """
    if reading.wants("basic"):
        return None
    catalog = reading.part_or_warning(load_catalog, Code.POINTS_UNAVAILABLE)
    if catalog is None:
        return _UNREADABLE
    with_lots = reading.wants("expiry_schedule") or reading.wants("delayed_accrual")
    return _SECTIONS[with_lots, catalog.is_bound_to_card_series, _asks_gap(reading)]


def _asks_gap(reading: Reading) -> bool:
    return reading.wants("mlp") and any(reading.query.get(flag, "").isdigit() for flag in _DAYS_AHEAD)


def due_customers(values: Values, reading: Reading) -> Collection[int]:
    """The customer, as a list of one, if their points are due; `values` begin with the customer's id and `ROWS`."""
    return (values[0],) if is_due(values[1], reading.now) else ()


def settle(customer_ids: Collection[int], reading: Reading) -> None:
    """Settle what is due of these customers; accounts that cannot be stored are in `reading.unstored`."""
    reading.unstored.update(settled_in_memory(customer_ids, reading.organization))


def _display(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return dict(_UNREAD)
    _, rows, series, lots, activities = values
    catalog = reading.part(load_catalog)
    balances = balances_of_row(customer.pk, rows, lots, organization=reading.organization, unstored=reading.unstored)
    balance = applicable_balance(balances, catalog.programs_for(reading.store, card_series=series or ()))
    view = CustomerPoints(
        customer=customer,
        reading=reading,
        catalog=catalog,
        balances=balances,
        applicable=balance,
        activities=activities_by_account(activities),
    )
    payload = _figures(balance, view)
    for flag, block in _BLOCKS.items():
        if reading.wants(flag):
            payload |= block(view)
    return payload


def _figures(balance: Balance, view: CustomerPoints) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "lifetime_points": balance.totals.lifetime,
        "loyalty_points": balance.spendable,
        "current_slab": balance.current_slab,
    }
    if view.reading.wants("next_slab"):
        program = view.catalog.by_id.get(balance.program_id or 0)
        following = payloads.next_tier(balance.tier, program.tiers if program else ())
        payload |= {
            "next_slab": following.name if following else "",
            "next_slab_serial_number": str(following.position) if following else payloads.NO_NUMBER,
            "next_slab_description": following.description if following else "",
        }
    return payload


def _summaries(view: CustomerPoints) -> dict[str, Any]:
    """`points_summaries`, a row for each program (with `mlp`)."""
    rows = []
    for current, balance in view.rows():
        summary = payloads.points_summary(
            balance, tiers=current.tiers, registered_on=view.customer.registered_on, zone=view.reading.zone
        )
        rows.append({**summary, **payloads.program_extras(current, balance), **_gaps(current, balance, view)})
    return {"points_summaries": {"points_summary": rows}}


def _gaps(current: CurrentProgram, balance: Balance, view: CustomerPoints) -> dict[str, Any]:
    """`gap_to_upgrade` and `gap_to_renew` where they are asked for and there is anything to say; warnings 91010 to 91012."""
    query, rules, account = view.reading.query, current.rules, balance.account
    membership = balance.membership
    if not _asks_gap(view.reading) or account is None or membership is None:
        return {}
    tier = membership.tier.name if membership.tier else ""
    state = tier_state(membership, current, account, view.activities.get(account.pk, ()), zone=view.reading.zone)
    gaps: dict[str, Any] = {}
    if query.get("gap_to_upgrade_for", "").isdigit() and not view.warn(upgrade_obstacle(rules, tier)):
        following = tier_above(rules, tier)
        if following:
            gaps["gap_to_upgrade"] = upgrade_gap(state, following, day=view.day_asked("gap_to_upgrade_for"))
    if query.get("gap_to_renew_for", "").isdigit() and not view.warn(renewal_obstacle(rules, tier)):
        rule = rules.tier(tier)
        if rule:
            gaps["gap_to_renew"] = renewal_gap(state, rule, day=view.day_asked("gap_to_renew_for"))
    return gaps


def _upgrade_criteria(view: CustomerPoints) -> dict[str, Any]:
    """`tier_update_criteria`: what the next tier asks for. Warning 91012 in the highest tier."""
    current = view.catalog.by_id.get(view.applicable.program_id or 0)
    tier = view.applicable.tier
    if current is None or view.warn(upgrade_obstacle(current.rules, tier.name if tier else "")):
        return {}
    criteria = upgrade_criteria(current.rules, tier.name if tier else "")
    return {"tier_update_criteria": criteria} if criteria else {}


def _retention_criteria(view: CustomerPoints) -> dict[str, Any]:
    """`membership_retention_criteria`: what keeps the tier. Warnings 91010 and 91011 where there is nothing to keep."""
    current = view.catalog.by_id.get(view.applicable.program_id or 0)
    membership, tier = view.applicable.membership, view.applicable.tier
    if current is None or membership is None or view.warn(renewal_obstacle(current.rules, tier.name if tier else "")):
        return {}
    rule = current.rules.tier(tier.name) if tier else None
    if rule is None:
        return {}
    since = membership.tier_counts_from or membership.tier_since or membership.enrolled_on
    criteria = retention_criteria(
        rule,
        since=since.astimezone(view.reading.zone).date(),
        expires_on=membership.tier_expires_on,
        program_id=current.program.pk,
    )
    return {"membership_retention_criteria": criteria}


def _summary(view: CustomerPoints) -> dict[str, Any]:
    """`points_summary`: all programs summed."""
    return {"points_summary": payloads.summed([state.account for state in view.states()])}


def _schedule(view: CustomerPoints) -> dict[str, Any]:
    """`expiry_schedule`: future expiries, the earliest first."""
    return {"expiry_schedule": {"schedule": payloads.expiry_rows(view.states())}}


def _promised(view: CustomerPoints) -> dict[str, Any]:
    """`delayed_accrual`: points promised, and when they may be spent."""
    return {"delayed_accrual": payloads.promised_block(view.states(), view.reading.zone)}


def _programs(view: CustomerPoints) -> dict[str, Any]:
    """`programs_list`: the organization's programs."""
    program_id = program_asked(view.reading)
    programs = [current for current in view.catalog.active if program_id in {None, current.program.pk}]
    return {"programs_list": {"program": [payloads.program_row(current) for current in programs]}}


_BLOCKS: Final[Mapping[str, Callable[[CustomerPoints], dict[str, Any]]]] = {
    "mlp": _summaries,
    "points_summary": _summary,
    "expiry_schedule": _schedule,
    "delayed_accrual": _promised,
    "program_summary": _programs,
    "tier_upgrade_criteria": _upgrade_criteria,
    "membership_retention_criteria": _retention_criteria,
}


def _activity_parameters(reading: Reading) -> Mapping[str, Any]:
    return activity_parameters(reading, reading.part(load_catalog))


def _section(*, with_lots: bool, with_card_series: bool, with_activities: bool) -> Section:
    return Section(
        columns=(
            "customer.id",
            ROWS,
            CARD_SERIES_COLUMN if with_card_series else "NULL",
            LOTS if with_lots else "NULL",
            ACTIVITIES if with_activities else "NULL",
        ),
        parameters=_activity_parameters if with_activities else no_parameters,
        display=_display,
        failure=Code.POINTS_UNAVAILABLE,
        due=due_customers,
        settle=settle,
    )


_SECTIONS: Final = {
    (with_lots, with_card_series, with_activities): _section(
        with_lots=with_lots, with_card_series=with_card_series, with_activities=with_activities
    )
    for with_lots in (False, True)
    for with_card_series in (False, True)
    for with_activities in (False, True)
}
# For a call that cannot read the programs.
_UNREADABLE: Final = Section(columns=(), display=lambda _values, _customer, _reading: dict(_UNREAD))


def _display_figures(values: Values, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    balances = balances_of_row(customer.pk, values[1], None, organization=reading.organization, unstored=reading.unstored)
    balance = balances.get(reading.options, NO_BALANCE)
    return {
        "loyalty_points": plain_digits(balance.spendable),
        "lifetime_points": plain_digits(balance.totals.lifetime),
        "current_slab": balance.current_slab or "",
    }


# Points and tier in the program whose id is the reading's option, as text, for search results.
FIGURES: Final = Section(columns=("customer.id", ROWS), display=_display_figures, due=due_customers, settle=settle)


# --- expired points, promotional points


def _program_parameter(reading: Reading) -> Mapping[str, Any]:
    return {"program": program_asked(reading)}


# The accounts of `customer`, with those that merges made the history of one, in programs that are shown.
_OWN_ACCOUNTS: Final = """engagement_pointsaccount AS own
    JOIN engagement_program AS program ON program.organization_id = %(organization)s AND program.id = own.program_id
        AND program.is_active AND program.id = coalesce(%(program)s::bigint, program.id)"""


def _display_expired(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    rows = [
        (at, payloads.expired_row(Decimal(points), payloads.last_day_of(last_day, at, reading.zone), account_program))
        for at, points, last_day, account_program in _expired_rows(values[0])
    ]
    # Of accounts that are settled in memory only.
    shown = _programs_shown(reading) if reading.unstored else ()
    for key, state in reading.unstored.items():
        if key.customer_id == customer.pk and key.program_id in shown:
            rows += [
                (
                    entry.occurred_at,
                    payloads.expired_row(
                        -entry.points,
                        payloads.last_day_of(entry.explanation.get("last_day"), entry.occurred_at, reading.zone),
                        key.program_id,
                    ),
                )
                for entry in state.entries
                if entry.kind == PointsEntry.Kind.EXPIRE
            ]
    return {"expired_points": {"item": [row for _, row in sorted(rows, key=lambda row: row[0], reverse=True)]}}


def _programs_shown(reading: Reading) -> Collection[int]:
    """Ids of the active programs, or of the one that the call names; none if the database does not give them."""
    catalog = reading.part_or_warning(load_catalog, Code.POINTS_UNAVAILABLE)
    asked = program_asked(reading)
    return {current.program.pk for current in catalog.active if asked in {None, current.program.pk}} if catalog else ()


def _expired_rows(rows: str | None) -> Iterator[tuple[datetime, str, str | None, int]]:
    for at, points, last_day, program_id in orjson.loads(rows) if rows else ():
        yield datetime.fromisoformat(at), points, last_day, program_id


_EXPIRED: Final = Section(
    columns=(
        f"""(
        SELECT json_agg(json_build_array(
            entry.occurred_at, (-entry.points)::text, entry.explanation ->> 'last_day', own.program_id
        ) ORDER BY entry.occurred_at DESC, entry.account_id DESC, entry.version DESC)::text
        FROM {_OWN_ACCOUNTS}
        JOIN engagement_pointsentry AS entry ON entry.organization_id = %(organization)s AND entry.account_id = own.id
            AND entry.kind = 'EXPIRE' AND entry.points < 0
        JOIN engagement_membership AS membership ON membership.organization_id = %(organization)s
            AND membership.customer_id = customer.id AND membership.program_id = own.program_id
        WHERE own.organization_id = %(organization)s AND own.customer_id = customer.id
    )""",  # noqa: S608 - made of constants
    ),
    parameters=_program_parameter,
    display=_display_expired,
    failure=Code.POINTS_UNAVAILABLE,
)


def expired_points(reading: Reading) -> Section | None:
    """`expired_points`: what expired and when, the newest first. Points that expired before a merge are on moved accounts."""
    return _EXPIRED if reading.wants("expired_points") and not reading.wants("basic") else None


def _display_promotions(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    rows: dict[str, list[dict[str, Any]]] = {"customer": [], "transactions": []}
    for till_id, billed_on, earned_on, tier_ends, *lot_values in orjson.loads(values[0]) if values[0] else ():
        state = AccountState(
            account=read_instance(PointsAccount, last_billed_on=day_of(billed_on), last_earned_on=day_of(earned_on)),
            zone=reading.zone,
            tier_ends=day_of(tier_ends),
        )
        lot = read_lot(lot_values)
        till = reading.part(load_names).till(till_id)
        rows["transactions" if lot.bill_id else "customer"].append(payloads.promotion_row(lot, state, till=till))
    return {
        "promotion_points": {
            "customer": {"item": rows["customer"]},
            "transactions": {"item": rows["transactions"]},
            # Rules look at bills as a whole: no line earns by itself.
            "lineitems": {"item": []},
        }
    }


# A lot that came by a merge was given before, on the account that moved. The living account decides the last day.
_PROMOTIONS: Final = Section(
    columns=(
        f"""(
        SELECT json_agg(json_build_array(
            (SELECT entry.till_id FROM engagement_pointsentry AS entry
                WHERE entry.organization_id = %(organization)s AND entry.id = lot.entry_id),
            living.last_billed_on, living.last_earned_on, membership.tier_expires_on,
            {LOT}
        ) ORDER BY lot.awarded_at DESC, lot.id DESC)::text
        FROM (
            SELECT lot.*, own.program_id, coalesce(own.moved_to_id, own.id) AS living_id,
                row_number() OVER (PARTITION BY lot.bill_id IS NULL ORDER BY lot.awarded_at DESC, lot.id DESC) AS position
            FROM {_OWN_ACCOUNTS}
            JOIN engagement_pointslot AS lot ON lot.organization_id = %(organization)s AND lot.account_id = own.id
                AND lot.kind = 'promotional' AND lot.moved_from_id IS NULL
            WHERE own.organization_id = %(organization)s AND own.customer_id = customer.id
        ) AS lot
        JOIN engagement_pointsaccount AS living ON living.organization_id = %(organization)s AND living.id = lot.living_id
        JOIN engagement_membership AS membership ON membership.organization_id = %(organization)s
            AND membership.customer_id = customer.id AND membership.program_id = lot.program_id
        WHERE lot.position <= {MOST_PROMOTIONS}
    )""",  # noqa: S608 - made of constants
    ),
    parameters=_program_parameter,
    display=_display_promotions,
    failure=Code.POINTS_UNAVAILABLE,
)


def promotion_points(reading: Reading) -> Section | None:
    """`promotion_points`: promotional lots with the place that gave them, the newest first, 1,000 of each kind."""
    return _PROMOTIONS if reading.wants("promotion_points") and not reading.wants("basic") else None


# --- refusals


def _display_enrolment(values: Values, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if not values[0]:
        reading.refused.setdefault(customer.pk, Code.NOT_IN_PROGRAM)
    return {}


_ENROLMENT: Final = Section(
    columns=(
        """EXISTS (
        SELECT FROM engagement_membership AS membership WHERE membership.organization_id = %(organization)s
            AND membership.customer_id = customer.id AND membership.program_id = %(program)s::bigint
    )""",
    ),
    parameters=_program_parameter,
    display=_display_enrolment,
)


def enrolment(reading: Reading) -> Section | None:
    """Refuses by 1020 customers who are not in the program that the call names."""
    return _ENROLMENT if reading.query.get("program_id", "") not in {"", "0"} else None


def is_unreadable(reading: Reading) -> bool:
    """True if the program, or the days ahead of a gap, is not a number: all items fail with 400."""
    given = [reading.query.get(name, "") for name in ("program_id", *_DAYS_AHEAD)]
    return any(text and not (text.isascii() and text.isdigit()) for text in given)
