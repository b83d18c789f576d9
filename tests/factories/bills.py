"""Bills for tests, made as plainly as possible or recorded with all that they set off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from customers.profile.models import Customer
from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill
from engagement.points.models import PointsAccount
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Program
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.factories.points import make_account, make_customer
from tests.factories.rows import make_till, till_actor
from use_cases.purchases import Purchase, record_purchases

_numbers = count(1)
ZONE = ZoneInfo("Asia/Kolkata")


def at(text: str) -> datetime:
    """The moment of a wall time in Kolkata."""
    moment = read_moment(text, ZONE)
    assert moment is not None
    return moment


def make_bill(customer: Customer, by: Till, when: str = "2026-01-05 12:00:00", amount: str | int = 100, **more: Any) -> Bill:
    """A bill's row alone: it counted for nothing."""
    billed_at = at(when)
    defaults = {
        "number": f"B{next(_numbers)}",
        "scope": f"till:{by.pk}",
        "billed_on": billed_at.astimezone(ZONE).date(),
        "billed_at": billed_at,
        "recorded_at": billed_at,
        "till": by,
        "store": by.store,
        "amount": Decimal(amount),
        "gross_amount": Decimal(amount),
        "currency": by.organization.currency,
        "recorded_by": f"till:{by.code}",
    }
    return Bill.objects.create(organization=by.organization, customer=customer, **{**defaults, **more})


def buy(customer: Customer, till: Till, when: str = "2026-01-05 12:00:00", amount: str | int = 100, **more: Any) -> Bill:
    """A bill with its points and purchases, as tills record it."""
    draft = BillDraft(
        **{
            "customer_id": customer.pk,
            "number": f"B{next(_numbers)}",
            "billed_at": at(when),
            "amount": Decimal(amount),
            "till": till,
            "store": till.store,
            **more,
        }
    )
    (purchase,) = record_purchases([draft], catalog=load_catalog(), by=till_actor(till), now=clock.now())
    assert isinstance(purchase, Purchase), purchase
    return purchase.recorded.bill


def bring_back(sale: Bill, when: str, amount: str | int) -> Bill:
    """A return of a part of a sale, with its points."""
    assert sale.customer is not None
    assert sale.till is not None
    return buy(sale.customer, sale.till, when, amount, type="RETURN", sale_number=sale.number)


# Noon in Kolkata.
NOON = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Shop:
    """A till, and what is bought there."""

    organization: Organization
    till: Till

    def flag(self, **flags: object) -> None:
        """Change policy flags."""
        self.organization.flags = {**self.organization.flags, **flags}

    def draft(self, number: str = "", amount: str | int | None = None, **more: Any) -> BillDraft:
        """A bill as this till sends it."""
        till = more.pop("till", self.till)
        values = {"billed_at": NOON, "till": till, "store": till.store if till else None, **more}
        return BillDraft(number=number, amount=None if amount is None else Decimal(amount), **values)

    def returned(self, sale_number: str, amount: str | int | None = None, **more: Any) -> BillDraft:
        """A return, a day after noon unless `billed_at` says otherwise."""
        return self.draft(amount=amount, **{"type": "RETURN", "sale_number": sale_number, "billed_at": NOON + DAY, **more})

    def record_all(
        self, drafts: Sequence[BillDraft], *, now: datetime | None = None, is_history: bool = False
    ) -> list[Purchase | LoyaltyError]:
        """Record these together."""
        by = till_actor(self.till)
        with transaction.atomic():
            return record_purchases(drafts, catalog=load_catalog(), by=by, now=now or NOON + 2 * DAY, is_history=is_history)

    def record(self, draft: BillDraft, **more: Any) -> Purchase:
        """Record one bill. Raises its refusal."""
        (result,) = self.record_all([draft], **more)
        if isinstance(result, LoyaltyError):
            raise result
        return result

    def refusal(self, draft: BillDraft, **more: Any) -> int:
        """The code with which a bill is refused."""
        (result,) = self.record_all([draft], **more)
        assert isinstance(result, LoyaltyError), result
        return int(result.code)


def open_shop(organization: Organization, store: str = "blr", till: str = "blr.till1") -> Shop:
    """A shop with a till in that store. The clock of bills is NOON and the days after it."""
    assert clock.now() > NOON
    place = Store.objects.select_related("zone", "concept").get(code=store)
    # One organization for all, so that its flags can be changed in a test.
    place.organization = organization
    return Shop(organization, make_till(place, till))


def member(organization: Organization, *programs: str, **more: Any) -> Customer:
    """A customer who is in these programs; in the default one where none is named."""
    customer = make_customer(organization, **more)
    for program in programs or ("Club",):
        make_account(organization, Program.objects.get(name=program), customer=customer)
    return customer


def account_of(customer: Customer, program: str = "Club") -> PointsAccount:
    """Their account as it is stored."""
    return PointsAccount.objects.get(customer=customer, program__name=program)


def membership_of(customer: Customer, program: str = "Club") -> Membership:
    """Their membership as it is stored."""
    return Membership.objects.get(customer=customer, program__name=program)


def codes(purchase: Purchase) -> list[int]:
    """The codes of its warnings."""
    return [int(notice.code) for notice in purchase.notices]
