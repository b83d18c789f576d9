"""End of a trading day: the books of the tills beside what the server shows over the API."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from demo.tills.client import Call, Json, TillClient, UnexpectedAnswerError, UnsettledError
from demo.tills.journal import Journal
from demo.tills.model import ZERO, KnownCustomer

# Rows of a list: the most that the API gives at once.
_ROWS: Final = 1000


def check_customers(customers: Sequence[KnownCustomer], client: TillClient, journal: Journal) -> None:
    """Compare each customer's figures, bills, redemptions and coupons. Nobody may be trading any more."""
    for customer in customers:
        try:
            _check_figures(customer, client, journal)
            _check_bills(customer, client, journal)
            _check_redemptions(customer, client, journal)
            _check_coupons(customer, client, journal)
        except (UnsettledError, UnexpectedAnswerError) as error:
            journal.mismatch(f"{customer.name}: {error}")
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            journal.mismatch(f"{_of(customer)}: an answer cannot be used: {error!r}")


def _of(customer: KnownCustomer) -> str:
    return f"{customer.name}, user_id {customer.user_id}"


def _read(client: TillClient, action: str, customer: KnownCustomer, **query: str) -> Json:
    return client.call(Call(action=action, query={"id": customer.user_id, **query})).content


def _check_figures(customer: KnownCustomer, client: TillClient, journal: Journal) -> None:
    shown, of = _read(client, "customer/get", customer), _of(customer)
    journal.checked("balance", customer.balance, Decimal(shown["loyalty_points"]), of=of)
    journal.checked("lifetime points", customer.awarded, Decimal(shown["lifetime_points"]), of=of)
    # Whole by contract (docs/protocol.md 1.9).
    purchases = customer.purchases.quantize(Decimal(1), ROUND_HALF_UP)
    journal.checked("purchases", purchases, Decimal(shown["lifetime_purchases"]), of=of)


def _check_bills(customer: KnownCustomer, client: TillClient, journal: Journal) -> None:
    shown = _read(client, "customer/transactions", customer, limit=str(_ROWS))
    rows: list[Json] = shown["transactions"]["transaction"]
    journal.checked_rows(
        "bills",
        ((bill_id, bill.number, bill.type, bill.amount) for bill_id, bill in customer.bills.items()),
        ((row["id"], row["number"], row["type"], Decimal(row["amount"])) for row in rows),
        of=_of(customer),
    )


def _check_redemptions(customer: KnownCustomer, client: TillClient, journal: Journal) -> None:
    shown, of = _read(client, "customer/redemptions", customer, limit=str(_ROWS))["redemptions"], _of(customer)
    journal.checked_rows(
        "redemptions of points",
        ((code, redemption.points, redemption.given_back) for code, redemption in customer.redemptions.items()),
        ((row["redemption_id"], Decimal(row["points_redeemed"]), _given_back(row)) for row in shown["points"]["point"]),
        of=of,
    )
    journal.checked_rows(
        "redemptions of coupons",
        ((use,) for coupon in customer.coupons.values() for use in coupon.uses | coupon.taken_back),
        ((row["id"],) for row in shown["coupons"]["coupon"]),
        of=of,
    )


def _given_back(redemption: Json) -> Decimal:
    return sum((Decimal(reversal["points_reversed"]) for reversal in redemption["reversals"]), ZERO)


def _check_coupons(customer: KnownCustomer, client: TillClient, journal: Journal) -> None:
    shown = _read(client, "customer/coupons", customer, limit=str(_ROWS))
    journal.checked_rows(
        "coupons",
        ((code, len(coupon.uses)) for code, coupon in customer.coupons.items()),
        ((row["code"], int(row["redemption_count"])) for row in shown["coupons"]["coupon"]),
        of=_of(customer),
    )
