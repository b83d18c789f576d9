"""Bills as printed: pure functions from rows to the objects of docs/protocol.md 4.6."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from customers.profile.field_values import write_value
from customers.profile.reading import CustomerRow
from engagement.bills.models import Bill
from engagement.points.balances import Balance
from engagement.transactions.rows import BillCount, BillPage, ListedBill
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization


def customer_with_bills(
    customer: CustomerRow,
    balance: Balance,
    page: BillPage,
    rows: Sequence[Mapping[str, Any]],
    *,
    identifiers: Mapping[str, Any],
    groups: Sequence[Mapping[str, Any]],
    purchases: Decimal,
    limit: int,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """The customer of `transactions`, around the rows of a page."""
    return {
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "user_id": str(customer.pk),
        "mobile": identifiers.get("mobile"),
        "email": identifiers.get("email"),
        "external_id": identifiers.get("external_id"),
        "lifetime_points": balance.totals.lifetime,
        "lifetime_purchases": purchases,
        "loyalty_points": balance.spendable,
        "current_slab": balance.current_slab,
        "registered_on": write_moment(customer.registered_on, zone),
        "updated_on": write_moment(customer.updated_on, zone),
        "type": customer.type,
        "source": customer.source.lower(),
        "user_groups2": list(groups),
        "count": page.count,
        "start": str(page.bills[0].bill.pk) if page.bills else "",
        "delayed_points": plain_digits(balance.totals.promised),
        "delayed_returned_points": plain_digits(balance.totals.promised_returned),
        "total_available_points": plain_digits(balance.spendable),
        "total_returned_points": plain_digits(balance.total_returned),
        "rows": str(limit),
        "transactions": {"transaction": list(rows)},
    }


def transaction(
    listed: ListedBill, *, points: Any, coupons: Sequence[Mapping[str, Any]], taken: Decimal, organization: Organization
) -> dict[str, Any]:
    """A row of `transactions`, without optional parts; `points` is a block, or a list of one a program."""
    bill, zone = listed.bill, organization.zone
    row: dict[str, Any] = {
        "id": str(bill.pk),
        "number": bill.number,
        "type": bill.type,
        "return_type": bill.return_type,
        "amount": plain_digits(bill.amount),
        "outlier_status": bill.outlier_status,
        "delivery_status": bill.delivery_status,
        "notes": bill.notes,
        "billing_time": write_moment(bill.billed_at, zone),
        "auto_update_time": write_moment(bill.recorded_at, zone),
        "gross_amount": plain_digits(bill.gross_amount),
        "discount": plain_digits(bill.discount),
        "store": listed.store.name if listed.store else "",
        "store_code": listed.store.code if listed.store else "",
        "returned_points_on_bill": plain_digits(taken),
    }
    if bill.currency != organization.currency:
        row["currency"] = _currency(bill, organization)
    return {
        **row,
        "points": points,
        "custom_fields": {"field": []},
        "extended_fields": {"field": []},
        "coupons": list(coupons),
        "basket_size": listed.basket_size,
        "line_items": {"line_item": []},
    }


def points_block(count: BillCount) -> dict[str, str]:
    """Points of a bill in a program, all as text."""
    return {
        "issued": plain_digits(count.issued),
        "redeemed": plain_digits(count.total("spent")),
        "returned": plain_digits(count.total("returned")),
        "expired": plain_digits(count.total("expired")),
        "returnedPointsOnBill": plain_digits(count.taken),
        "expiry_date": _day(count.last_day),
        "program_id": str(count.program_id),
    }


def no_points_block() -> dict[str, str]:
    """The block of a bill whose customer is not in a program, or whose points cannot be read."""
    return {**points_block(BillCount(program_id=0)), "program_id": ""}


def points_breakup(counts: Iterable[BillCount]) -> dict[str, Any]:
    """The awards of a bill, each with its own expiry."""
    return {
        "breakup": [
            {
                "program_id": str(count.program_id),
                "type": dated.lot.kind,
                "issued": plain_digits(dated.lot.points),
                "available": plain_digits(dated.total("left", is_open=True)),
                "delayed": plain_digits(dated.total("left", is_open=False)),
                "redeemed": plain_digits(dated.total("spent")),
                "returned": plain_digits(dated.total("returned")),
                "expired": plain_digits(dated.total("expired")),
                "expiry_date": _day(dated.last_day),
            }
            for count in counts
            for dated in count.lots
        ]
    }


def field_values(bill: Bill, definitions: Iterable[FieldDefinition]) -> dict[str, Any]:
    """The values of the bill's custom fields, in the order of `definitions`."""
    values = ((definition.name, bill.field_values.get(str(definition.pk))) for definition in definitions)
    return {"field": [{"name": name, "value": write_value(value)} for name, value in values if value]}


def credit_notes(bill: Bill) -> dict[str, Any]:
    """The credit notes of the bill, as sent."""
    sent = bill.details.get("credit_notes", [])
    return {"credit_note": [{name: str(note.get(name) or "") for name in ("number", "amount", "notes")} for note in sent]}


def _currency(bill: Bill, organization: Organization) -> dict[str, Any]:
    """The currency of a foreign bill and that of the organization; their ISO 4217 codes serve as ids and names."""
    own = organization.currency
    return {
        "ratio": bill.currency_ratio,
        "transaction_currency": {
            "supported_currency_id": bill.currency,
            "name": bill.currency,
            "symbol": bill.currency,
        },
        "id": own,
        "name": own,
        "symbol": own,
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
