"""Items of the answer to transaction/add: pure functions (docs/protocol.md, tills' part 2.5)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from customers.profile.reading import CustomerRow
from customers.sources.values import IN_STORE
from engagement.bills.models import ANONYMOUS, SHOWING_POINTS, Bill
from loyalty_project.protocol.numbers import plain_digits
from loyalty_project.protocol.values import Item, as_list, child

# Longer values are cut: an answer is kept with its Idempotency-Key.
LONGEST_ECHO: Final = 300
_SUMMARIES: Final[Mapping[str, Any]] = {"points_summary": []}
# The figures of a customer who is not known.
_UNKNOWN: Final[Mapping[str, Any]] = {
    "lifetime_points": "0",
    "loyalty_points": "0",
    "current_slab": "",
    "tier_expiry_date": "",
    "points_summaries": _SUMMARIES,
    "lifetime_purchases": "0",
    "type": "",
    "source": "",
}


def printed_bill(
    bill: Bill,
    item: Item,
    *,
    kind: str,
    customer: Mapping[str, Any] | None,
    effects: Sequence[Mapping[str, Any]],
    deducted: Decimal | None,
    balance: Decimal | None,
) -> dict[str, Any]:
    """The item of a recorded bill. `item` is what was sent, `kind` its type; `customer` is None for anonymous bills."""
    return {
        "id": bill.pk,
        "shipping_source_till_code": bill.details.get("shipping_source_till_code", ""),
        "number": _sent(item, "number"),
        "bill_client_id": bill.details.get("bill_client_id", ""),
        "type": kind,
        "delivery_status": bill.delivery_status,
        "parent_bill_number": _sent(item, "parent_bill_number"),
        "outlier_status": bill.outlier_status,
        **({} if customer is None else {"customer": customer}),
        "side_effects": {"effect": [_effect(effect) for effect in effects]},
        **({} if deducted is None else {"points_deducted": deducted, "points_balance": balance}),
        "source": "instore" if bill.source == IN_STORE else bill.source,
    }


def printed_customer(customer: CustomerRow, identifiers: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """The customer of a bill: all text, "" for what they have not."""
    return {
        "user_id": str(customer.pk),
        "mobile": identifiers.get("mobile") or "",
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "email": identifiers.get("email") or "",
        "external_id": identifiers.get("external_id") or "",
        "lifetime_points": _digits(figures["lifetime_points"]),
        "loyalty_points": _digits(figures["loyalty_points"]),
        "current_slab": figures["current_slab"] or "",
        "tier_expiry_date": figures["tier_expiry_date"] or "",
        "points_summaries": figures["points_summaries"],
        "lifetime_purchases": _digits(figures["lifetime_purchases"]),
        "type": customer.type,
        "source": customer.source.lower(),
    }


def echo_bill(item: Item) -> dict[str, Any]:
    """The item of a refused bill: what was sent, and the other keys of an answer without their values."""
    kind = _sent(item, "type").upper() or Bill.Type.REGULAR.value
    customer = child(item, "customer")
    shown = {
        "user_id": None,
        **{key: _sent(customer, key) for key in ("mobile", "firstname", "lastname", "email", "external_id")},
        **_UNKNOWN,
    }
    return {
        "id": None,
        "shipping_source_till_code": _sent(item, "shipping_source_till_code"),
        "number": _sent(item, "number"),
        "bill_client_id": _sent(item, "bill_client_id"),
        "type": kind,
        "delivery_status": _sent(item, "delivery_status").upper(),
        "parent_bill_number": _sent(item, "parent_bill_number"),
        "outlier_status": _sent(item, "outlier_status").upper(),
        **({} if kind in ANONYMOUS else {"customer": shown}),
        "side_effects": {"effect": []},
        **({"points_deducted": 0, "points_balance": 0} if kind in SHOWING_POINTS else {}),
        "source": _sent(item, "source") or "instore",
    }


def _effect(effect: Mapping[str, Any]) -> dict[str, Any]:
    """An effect as bills print it: that of a coupon has its code under two names, and its id is a number."""
    if effect["type"] != "coupon":
        return dict(effect)
    return {
        "id": int(effect["id"]),
        "coupon_type": effect["coupon_type"],
        "coupon_code": effect["coupon_code"],
        "code": effect["coupon_code"],
        "valid_till": effect["valid_till"],
        "description": effect["description"],
        "discount_code": effect["discount_code"],
        "type": "coupon",
    }


def _sent(item: Item, key: str) -> str:
    """The text that was sent, trimmed and cut; "" for anything else."""
    value = next(iter(as_list(item.get(key))), "")
    return value.strip()[:LONGEST_ECHO] if isinstance(value, str) else ""


def _digits(figure: Any) -> str:
    return plain_digits(Decimal(figure))
