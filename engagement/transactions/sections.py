"""Sections of customer/transactions: a page of a customer's bills, and the points of these bills (docs/protocol.md 4.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.bills.models import Bill
from engagement.points.balances import ROWS, Balance, active_balances, applicable_balance, balances_of_row
from engagement.points.ledger.posting import AccountState
from engagement.points.lot_rows import LOT, day_of, moment_of, read_lot
from engagement.points.models import PointsAccount
from engagement.points.sections import due_customers, settle
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import CARD_SERIES_COLUMN, load_catalog
from engagement.transactions.rows import NO_POINTS, BillCount, BillPage, CustomerPoints, DatedLot, ListedBill
from loyalty_project.db.instances import read_instance
from loyalty_project.protocol.codes import Code
from organizations.locations.names import load_names

# The parts that these sections print, by name.
PAGE: Final = "page"
POINTS: Final = "points"
SORTED_BY: Final[Mapping[str, str]] = {"trans_date": "billed_at", "trans_id": "id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """A page of bills: the first `limit` after `offset` in this `order` (SQL), and the values of the `conditions`."""

    order: str
    conditions: tuple[str, ...]
    values: Mapping[str, Any]
    limit: int
    offset: int


def bills(page: PageQuery) -> Section:
    """A page of bills, with the number of all that meet the conditions: a `BillPage` as `PAGE`."""
    return _bills(page.order, page.conditions)


_TEXTS: Final = ("number", "type", "return_type", "outlier_status", "delivery_status", "notes", "currency")
_FIGURES: Final = ("amount", "gross_amount", "discount", "currency_ratio")
_MOMENTS: Final = ("billed_at", "recorded_at")


@lru_cache(maxsize=256)
def _bills(order: str, conditions: tuple[str, ...]) -> Section:
    return Section(
        columns=("bills.length", "bills.rows"),
        joins=f"""LEFT JOIN LATERAL (
    SELECT max(bill.length) AS length, array_agg(bill.id) AS ids, json_agg(json_build_array(
        bill.id, bill.store_id, bill.field_values, bill.details -> 'credit_notes',
        (SELECT count(*) FROM engagement_billline AS line
            WHERE line.organization_id = %(organization)s AND line.bill_id = bill.id),
        json_build_array({", ".join(f"bill.{name}" for name in _TEXTS)}),
        json_build_array({", ".join(f"bill.{name}::text" for name in _FIGURES)}),
        json_build_array({", ".join(f"bill.{name}" for name in _MOMENTS)})
    ) ORDER BY {order})::text AS rows
    FROM (
        SELECT bill.*, count(*) OVER () AS length
        FROM engagement_bill AS bill
        LEFT JOIN organizations_store AS store ON store.organization_id = %(organization)s AND store.id = bill.store_id
        LEFT JOIN organizations_till AS till ON till.organization_id = %(organization)s AND till.id = bill.till_id
        WHERE bill.organization_id = %(organization)s AND bill.customer_id = customer.id
            {"".join(f" AND {condition}" for condition in conditions)}
        ORDER BY {order}
        LIMIT %(limit)s OFFSET %(offset)s
    ) AS bill
) AS bills ON true""",  # noqa: S608 - made of constants
        parameters=_page_parameters,
        display=_display_page,
    )


def _page_parameters(reading: Reading) -> Mapping[str, Any]:
    page: PageQuery = reading.options
    return {**page.values, "limit": page.limit, "offset": page.offset}


def _display_page(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    length, rows = values
    return {PAGE: BillPage([_read_bill(row, reading) for row in orjson.loads(rows)] if rows else [], length or 0)}


def _read_bill(row: Sequence[Any], reading: Reading) -> ListedBill:
    pk, store_id, field_values, credit_notes, basket_size, texts, figures, moments = row
    bill = read_instance(
        Bill,
        id=pk,
        field_values=field_values,
        details={"credit_notes": credit_notes or []},
        **dict(zip(_TEXTS, texts, strict=True)),
        **dict(zip(_FIGURES, map(Decimal, figures), strict=True)),
        **dict(zip(_MOMENTS, map(moment_of, moments), strict=True)),
    )
    return ListedBill(bill, reading.part(load_names).store(store_id), basket_size)


def _display_points(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {POINTS: NO_POINTS}
    _, rows, series, counts, lots = values
    catalog = reading.part(load_catalog)
    balances = balances_of_row(customer.pk, rows, None, organization=reading.organization, unstored=reading.unstored)
    return {
        POINTS: CustomerPoints(
            balance=applicable_balance(balances, catalog.programs_for(reading.store, card_series=series or ())),
            programs=[current.program.pk for current, _ in active_balances(balances, catalog)],
            counts=_bill_counts(counts, lots, customer.pk, balances, reading),
        )
    }


def _bill_counts(
    counts: str | None, lots: str | None, customer_id: int, balances: Mapping[int, Balance], reading: Reading
) -> dict[tuple[int, int], BillCount]:
    """Points of the bills by bill and program."""
    found = {
        (bill_id, program_id): BillCount(program_id=program_id, issued=Decimal(issued), taken=Decimal(taken))
        for bill_id, program_id, issued, taken in (orjson.loads(counts) if counts else ())
    }
    dated: dict[int, DatedLot] = {}
    for program_id, active_on, earned_on, *lot_values in orjson.loads(lots) if lots else ():
        lot = read_lot(lot_values)
        count = found.get((lot.bill_id or 0, program_id))
        if count is None:
            continue
        unstored = reading.unstored.get(AccountKey(customer_id, program_id))
        if unstored is not None:
            lot = unstored.changed_lots.get(lot.pk, lot)
        if lot.moved_from_id in dated:
            dated[lot.pk] = dated[lot.moved_from_id]
            dated[lot.pk].moved.append(lot)
            continue
        # For an account that a merge moved, the living account decides the last day.
        balance = balances.get(program_id)
        own = read_instance(PointsAccount, last_active_on=day_of(active_on), last_earned_on=day_of(earned_on))
        state = AccountState(
            account=(balance and balance.account) or own,
            zone=reading.zone,
            tier_ends=balance.membership.tier_expires_on if balance and balance.membership else None,
        )
        dated[lot.pk] = DatedLot(lot=lot, last_day=state.last_day(lot))
        count.lots.append(dated[lot.pk])
    return found


@lru_cache(maxsize=256)  # a section for each page's, as it refers to the page's bills
def _points_of(page: Section, *, with_card_series: bool) -> Section:
    return Section(
        columns=(
            "customer.id",
            ROWS,
            CARD_SERIES_COLUMN if with_card_series else "NULL",
            "bill_points.rows",
            "bill_lots.rows",
        ),
        after=page,
        joins=f"""LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        counted.bill_id, account.program_id, counted.issued::text, counted.taken::text
    ))::text AS rows
    FROM engagement_billpoints AS counted
    JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s AND account.id = counted.account_id
    WHERE counted.organization_id = %(organization)s AND counted.bill_id = ANY(bills.ids)
) AS bill_points ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        account.program_id, account.last_active_on, account.last_earned_on,
        {LOT}
    ) ORDER BY lot.id)::text AS rows
    FROM engagement_pointslot AS lot
    JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s AND account.id = lot.account_id
    WHERE lot.organization_id = %(organization)s AND lot.bill_id = ANY(bills.ids)
) AS bill_lots ON true""",  # noqa: S608 - made of constants
        display=_display_points,
        failure=Code.POINTS_UNAVAILABLE,
        due=due_customers,
        settle=settle,
    )


def points_of(page: Section, reading: Reading) -> Section:
    """The customer's points and those of the page's bills: `CustomerPoints` as `POINTS`, empty with warning 91001."""
    catalog = reading.part_or_warning(load_catalog, Code.POINTS_UNAVAILABLE)
    return _points_of(page, with_card_series=catalog is not None and catalog.is_bound_to_card_series)
