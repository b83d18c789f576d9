"""Factories of bills, their lines and points; how tests record bills at a till."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from factory import LazyAttribute, RelatedFactory, SelfAttribute, SubFactory, Trait
from factory import Sequence as NextNumber

from customers.profile.models import Customer
from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill, BillLine
from engagement.points.models import BillPoints, PointsAccount
from engagement.points.payloads import points_effects
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Program
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from referrals.campaigns.catalog import load_campaigns
from tests.factories.base import TenantFactory
from tests.factories.customers import CustomerFactory
from tests.factories.locations import TillFactory, till_actor
from tests.factories.points import PointsAccountFactory
from use_cases.purchases import Purchase, record_purchases

_sales = count(1)
ZONE = ZoneInfo("Asia/Kolkata")


def at(text: str) -> datetime:
    """The moment of a wall time in Kolkata."""
    moment = read_moment(text, ZONE)
    assert moment is not None
    return moment


class BillFactory(TenantFactory):
    """The row of a bill, which brought no points; `with_line` gives it a line."""

    class Meta:
        model = Bill

    class Params:
        with_line = Trait(line=RelatedFactory("tests.factories.bills.BillLineFactory", "bill"))

    organization = LazyAttribute(lambda bill: (bill.customer or bill.till).organization)
    customer = SubFactory(CustomerFactory)
    till = None
    store = LazyAttribute(lambda bill: bill.till.store if bill.till else None)
    number = NextNumber("B{}".format)
    scope = LazyAttribute(lambda bill: f"till:{bill.till.pk}" if bill.till else f"store:{bill.store.pk if bill.store else 0}")
    billed_at = at("2026-01-05 12:00:00")
    billed_on = LazyAttribute(lambda bill: bill.billed_at.astimezone(bill.organization.zone).date())
    recorded_at = SelfAttribute("billed_at")
    amount = Decimal(100)
    gross_amount = SelfAttribute("amount")
    currency = SelfAttribute("organization.currency")
    recorded_by = LazyAttribute(lambda bill: f"till:{bill.till.code if bill.till else 'blr.till1'}")


class BillLineFactory(TenantFactory):
    """The first line of a bill, over its whole amount."""

    class Meta:
        model = BillLine

    organization = SelfAttribute("bill.organization")
    bill = SubFactory(BillFactory)
    position = 1
    item_code = "TENT-2"
    description = "Tent for two"
    quantity = Decimal(1)
    rate = SelfAttribute("amount")
    value = SelfAttribute("amount")
    amount = SelfAttribute("bill.amount")


class BillPointsFactory(TenantFactory):
    """The points that a bill brought to an account."""

    class Meta:
        model = BillPoints

    organization = SelfAttribute("bill.organization")
    bill = SubFactory(BillFactory, customer=SelfAttribute("..account.customer"))
    account = SubFactory(PointsAccountFactory)


def buy(customer: Customer, till: Till, when: str = "2026-01-05 12:00:00", amount: str | int = 100, **more: Any) -> Bill:
    """A bill with its points and purchases, as tills record it."""
    draft = BillDraft(
        **{
            "customer_id": customer.pk,
            "number": f"S{next(_sales)}",
            "billed_at": at(when),
            "amount": Decimal(amount),
            "till": till,
            "store": till.store,
            **more,
        }
    )
    (purchase,) = record_purchases(
        [draft], catalog=load_catalog(), campaigns=load_campaigns(), by=till_actor(till), now=clock.now()
    )
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
    """A till and the bills it records."""

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
            return record_purchases(
                drafts,
                catalog=load_catalog(),
                campaigns=load_campaigns(),
                by=by,
                now=now or NOON + 2 * DAY,
                is_history=is_history,
            )

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
    location = Store.objects.select_related("zone", "concept").get(code=store)
    # One organization for all, so that its flags can be changed in a test.
    location.organization = organization
    return Shop(organization, TillFactory(store=location, code=till))


def member(organization: Organization, *programs: str, **more: Any) -> Customer:
    """A customer who is in these programs; in the default one where none is named."""
    customer = CustomerFactory(organization=organization, **more)
    for program in programs or ("Club",):
        PointsAccountFactory(organization=organization, program=Program.objects.get(name=program), customer=customer)
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


def effects_of(purchase: Purchase) -> list[dict[str, Any]]:
    """The effects of a bill as answers print them."""
    return [*points_effects(purchase.award.entries), *purchase.award.effects]
