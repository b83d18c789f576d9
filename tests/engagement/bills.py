"""Bills for tests: a till of northwind, members of its programs, and what they buy and bring back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from customers.journeys.purchases import Purchase, record_purchases
from customers.models import Customer
from engagement.bills import BillDraft
from engagement.models import Membership, PointsAccount, Program
from engagement.services.programs import open_programs
from loyalty_project import clock
from loyalty_project.api.errors import LoyaltyError
from organizations.models import Organization, Store, Till
from tests.engagement.members import make_account, make_customer
from tests.factories import make_till, till_actor

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
            return record_purchases(drafts, book=open_programs(), by=by, now=now or NOON + 2 * DAY, is_history=is_history)

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
