"""Bills for tests, made as plainly as possible or recorded with all that they set off."""

from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from customers.journeys.purchases import Purchase, record_purchases
from customers.models import Customer
from engagement.bills import BillDraft
from engagement.models import Bill
from engagement.services.programs import open_programs
from loyalty_project import clock
from loyalty_project.moments import read_moment
from organizations.models import Till
from tests.factories import till_actor

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
    (purchase,) = record_purchases([draft], book=open_programs(), by=till_actor(till), now=clock.now())
    assert isinstance(purchase, Purchase), purchase
    return purchase.recorded.bill


def bring_back(sale: Bill, when: str, amount: str | int) -> Bill:
    """A return of a part of a sale, with its points."""
    assert sale.customer is not None
    assert sale.till is not None
    return buy(sale.customer, sale.till, when, amount, type="RETURN", sale_number=sale.number)
