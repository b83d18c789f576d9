"""Sections of customer/get about points, tiers and programs (docs/protocol.md 4.5)."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from customers.profile.models import Customer
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
from engagement.points.customer_points import CustomerPoints
from engagement.points.tier_blocks import (
    DAYS_AHEAD,
    asks_gap,
    days_ahead,
    gaps,
    membership_retention_criteria,
    tier_update_criteria,
)
from engagement.programs.asked import program_asked, program_parameter
from engagement.programs.catalog import CARD_SERIES_COLUMN, load_catalog
from engagement.tiers.sections import ACTIVITIES, activities_by_account, activity_parameters
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.numbers import plain_digits

LOYALTY: Final = Customer.Type.LOYALTY
# The figures if the database does not give them.
_UNREAD: Final[Mapping[str, Any]] = {"lifetime_points": 0, "loyalty_points": 0, "current_slab": None}
# The value of the column of activities if these could not be read.
_UNREAD_ACTIVITIES: Final = "unread"


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
    return _SECTIONS[with_lots, catalog.is_bound_to_card_series, asks_gap(reading)]


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
        activities=None if activities == _UNREAD_ACTIVITIES else activities_by_account(activities),
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
        rows.append({**summary, **payloads.program_extras(current, balance), **gaps(current, balance, view)})
    return {"points_summaries": {"points_summary": rows}}


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
    "tier_upgrade_criteria": tier_update_criteria,
    "membership_retention_criteria": membership_retention_criteria,
}


def _activity_parameters(reading: Reading) -> Mapping[str, Any]:
    return activity_parameters(reading, reading.part(load_catalog))


def _section(*, with_lots: bool, with_card_series: bool, activities: str) -> Section:
    reads_activities = activities == ACTIVITIES
    return Section(
        columns=(
            "customer.id",
            ROWS,
            CARD_SERIES_COLUMN if with_card_series else "NULL",
            LOTS if with_lots else "NULL",
            activities,
        ),
        parameters=_activity_parameters if reads_activities else no_parameters,
        display=_display,
        failure=Code.POINTS_UNAVAILABLE,
        # The points are printed without the gaps if what the members did cannot be read.
        simpler=_section(with_lots=with_lots, with_card_series=with_card_series, activities=f"'{_UNREAD_ACTIVITIES}'")
        if reads_activities
        else None,
        due=due_customers,
        settle=settle,
    )


_SECTIONS: Final = {
    (with_lots, with_card_series, with_activities): _section(
        with_lots=with_lots, with_card_series=with_card_series, activities=ACTIVITIES if with_activities else "NULL"
    )
    for with_lots in (False, True)
    for with_card_series in (False, True)
    for with_activities in (False, True)
}
# For a call that cannot read the programs.
_UNREADABLE: Final = Section(columns=(), display=lambda _values, _customer, _reading: dict(_UNREAD))


def core_points(reading: Reading) -> Section:
    """The points and tiers of CustomerCore, in the programs of the reading's store; zeros outside the loyalty program.

    Warning 91001 and zeros if the database does not give the figures, 1091 for a member without a points account.
    """
    return _CORE[reading.part(load_catalog).is_bound_to_card_series]


def _display_core(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None or customer.type != LOYALTY:
        return {**_UNREAD, "tier_expiry_date": None, "points_summaries": {"points_summary": []}}
    _, rows, series = values
    balances = balances_of_row(customer.pk, rows, None, organization=reading.organization, unstored=reading.unstored)
    return core_of(balances, customer, reading, card_series=series or ())


def core_of(
    balances: Mapping[int, Balance], customer: CustomerRow, reading: Reading, *, card_series: Collection[int] = ()
) -> dict[str, Any]:
    """The figures of `core_points` for a loyalty customer with these balances, by program id, and these series of cards."""
    catalog, zone = reading.part(load_catalog), reading.zone
    balance = applicable_balance(balances, catalog.programs_for(reading.store, card_series=card_series))
    if balance.membership is not None and balance.account is None:
        reading.own_notices[customer.pk].append(Notice(Code.POINTS_ACCOUNT_MISSING))
    return {
        "lifetime_points": balance.totals.lifetime,
        "loyalty_points": balance.spendable,
        "current_slab": balance.current_slab,
        "tier_expiry_date": payloads.tier_expiry(balance.membership, registered_on=customer.registered_on, zone=zone),
        "points_summaries": {
            "points_summary": [
                payloads.points_summary(held, tiers=current.tiers, registered_on=customer.registered_on, zone=zone)
                for current, held in active_balances(balances, catalog)
                if held.account
            ]
        },
    }


_CORE: Final = {
    with_card_series: Section(
        columns=("customer.id", ROWS, CARD_SERIES_COLUMN if with_card_series else "NULL"),
        display=_display_core,
        failure=Code.POINTS_UNAVAILABLE,
        due=due_customers,
        settle=settle,
    )
    for with_card_series in (False, True)
}


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
    parameters=program_parameter,
    display=_display_enrolment,
)


def enrolment(reading: Reading) -> Section | None:
    """Refuses by 1020 customers who are not in the program that the call names."""
    return _ENROLMENT if reading.query.get("program_id", "") not in {"", "0"} else None


def is_unreadable(reading: Reading) -> bool:
    """True if the program, or the days ahead of a gap, is not a number: all items fail with 400."""
    program = reading.query.get("program_id", "")
    if program and not (program.isascii() and program.isdigit()):
        return True
    return any(reading.query.get(flag) and days_ahead(reading, flag) is None for flag in DAYS_AHEAD)
