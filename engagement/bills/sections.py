"""Sections of customer/get about purchases and bills (docs/protocol.md 4.5)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.bills.payloads import bill_row, printed_purchases
from engagement.numbers.money import read_money
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.moments import read_moment
from loyalty_project.protocol.numbers import plain_digits
from loyalty_project.protocol.plain_text import read_code
from organizations.locations.names import load_names

LATEST: Final = 10
ZERO: Final = Decimal(0)


def _display_purchases(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    amount: Decimal | None = values[0] if values else None
    if amount is None:
        return {}
    return {"lifetime_purchases": printed_purchases(amount, is_exact=reading.policy.exact_lifetime_purchases)}


_TOTALS: Final = """FROM engagement_purchasetotals AS purchases
        WHERE purchases.organization_id = %(organization)s AND purchases.customer_id = customer.id"""
PURCHASES: Final = Section(
    columns=(f"(SELECT purchases.amount {_TOTALS})",),
    display=_display_purchases,
    failure=Code.POINTS_UNAVAILABLE,
)


def purchases(reading: Reading) -> Section | None:
    """`lifetime_purchases`."""
    return None if reading.wants("basic") else PURCHASES


def _display_figures(values: Values, _customer: CustomerRow, _reading: Reading) -> dict[str, Any]:
    amount, last_amount = values
    return {"lifetime_purchases": plain_digits(amount or ZERO), "last_trans_value": plain_digits(last_amount or ZERO)}


# Purchases and the last sale, exact and as text, for search results.
PURCHASE_FIGURES: Final = Section(
    columns=(f"(SELECT purchases.amount {_TOTALS})", f"(SELECT purchases.last_amount {_TOTALS})"),
    display=_display_figures,
)

# Conditions of bills by the parameter of the query that asks for each.
_CONDITIONS: Final[Mapping[str, str]] = {
    "number": "bill.number = %(bill_number)s",
    "store_code": """EXISTS (
            SELECT FROM organizations_store AS store WHERE store.organization_id = %(organization)s
                AND store.id = bill.store_id AND store.code = %(bill_store_code)s
        )""",
    "till_code": """EXISTS (
            SELECT FROM organizations_till AS till WHERE till.organization_id = %(organization)s
                AND till.id = bill.till_id AND till.code = %(bill_till_code)s
        )""",
    "amount": "bill.amount = %(bill_amount)s::numeric",
    "date": "bill.billed_on = %(bill_date)s::date",
    "type": "bill.type = %(bill_type)s",
}


def _parameters(reading: Reading) -> dict[str, Any]:
    """The values of the conditions that the query sets. An unreadable amount or date is None, and matches no bill."""
    query = reading.query
    codes = {name: query[name] for name in ("number", "store_code", "till_code") if query.get(name)}
    values: dict[str, Any] = {f"bill_{name}": read_code(code) for name, code in codes.items()}
    if query.get("type"):
        values["bill_type"] = query["type"].upper()
    if query.get("amount"):
        values["bill_amount"] = read_money(query["amount"], reading.organization.currency)
    if query.get("date"):
        moment = read_moment(query["date"], reading.zone)
        values["bill_date"] = moment.astimezone(reading.zone).date() if moment else None
    return values


def _display_latest(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    rows = [
        bill_row(
            pk,
            number,
            kind,
            datetime.fromisoformat(billed_at),
            reading.part(load_names).store(store_id),
            reading.zone,
        )
        for pk, number, kind, billed_at, store_id in (orjson.loads(values[0]) if values and values[0] else ())
    ]
    return {"transactions": {"transaction": rows}}


@cache  # a section for each set of conditions
def _latest(conditions: tuple[str, ...]) -> Section:
    return Section(
        columns=(
            f"""(
        SELECT json_agg(json_build_array(latest.id, latest.number, latest.type, latest.billed_at, latest.store_id)
            ORDER BY latest.billed_at DESC, latest.id DESC)::text
        FROM (
            SELECT bill.id, bill.number, bill.type, bill.billed_at, bill.store_id
            FROM engagement_bill AS bill
            WHERE bill.organization_id = %(organization)s AND bill.customer_id = customer.id
                {"".join(f" AND {_CONDITIONS[name]}" for name in conditions)}
            ORDER BY bill.billed_at DESC, bill.id DESC
            LIMIT {LATEST}
        ) AS latest
    )""",  # noqa: S608 - made of constants
        ),
        parameters=_parameters,
        display=_display_latest,
        failure=Code.POINTS_UNAVAILABLE,
    )


def transactions(reading: Reading) -> Section | None:
    """`transactions`: the ten latest bills, newest first, that pass number, store_code, till_code, amount, date and type."""
    if reading.wants("basic") or not reading.wants("transactions", default=True):
        return None
    return _latest(tuple(name for name in _CONDITIONS if reading.query.get(name)))
