"""What must be true of the customers of a day: the till's own books, kept from the answers."""

from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock
from typing import Final

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class KnownBill:
    """A bill or a return that the server has acknowledged."""

    number: str
    type: str
    amount: Decimal


@dataclass(slots=True)
class KnownCoupon:
    """A coupon with the ids of its redemptions that count, and of those that were taken back."""

    series: str
    uses: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)


@dataclass(slots=True)
class KnownRedemption:
    """Points that were spent, and those of them that were given back."""

    points: Decimal
    given_back: Decimal = ZERO


@dataclass(slots=True)
class KnownCustomer:
    """One customer's books. Several tills write them: hold `lock`.

    awarded: all points that answers reported as given. taken: those that returns took back.
    """

    user_id: str
    name: str
    awarded: Decimal = ZERO
    taken: Decimal = ZERO
    purchases: Decimal = ZERO
    bills: dict[str, KnownBill] = field(default_factory=dict)
    redemptions: dict[str, KnownRedemption] = field(default_factory=dict)
    coupons: dict[str, KnownCoupon] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    @property
    def balance(self) -> Decimal:
        """Points that can be spent."""
        spent = sum((redemption.points - redemption.given_back for redemption in self.redemptions.values()), ZERO)
        return self.awarded - self.taken - spent

    def add_bill(self, bill_id: str, bill: KnownBill) -> None:
        """Note a sale or a return."""
        self.bills[bill_id] = bill
        self.purchases += bill.amount if bill.type != "RETURN" else -bill.amount


class Books:
    """The customers of all tills."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._customers: dict[str, KnownCustomer] = {}

    def open(self, user_id: str, name: str) -> KnownCustomer:
        """The books of a customer, new ones for a new customer."""
        with self._lock:
            return self._customers.setdefault(user_id, KnownCustomer(user_id, name))

    @property
    def customers(self) -> list[KnownCustomer]:
        """All customers, in the order of their ids."""
        with self._lock:
            return sorted(self._customers.values(), key=lambda customer: int(customer.user_id))
