"""Bills for tests of the back office, made as plainly as possible."""

from decimal import Decimal
from typing import Any

from customers.profile.models import Customer
from engagement.bills.models import Bill, BillLine
from engagement.points.bill_points import BillPoints
from engagement.points.models import PointsAccount
from loyalty_project import clock
from organizations.locations.models import Till
from tests.factories.points import LONG_AGO


def make_bill(till: Till, customer: Customer | None, number: str, amount: str = "100", **more: Any) -> Bill:
    """A bill of a till with one line."""
    values = {
        "billed_at": LONG_AGO,
        "billed_on": LONG_AGO.date(),
        "recorded_at": clock.now(),
        "scope": f"till:{till.pk}",
        "currency": "INR",
        "gross_amount": Decimal(amount),
        "recorded_by": f"till:{till.code}",
    }
    bill = Bill.objects.create(
        organization=till.organization,
        customer=customer,
        number=number,
        till=till,
        store=till.store,
        amount=Decimal(amount),
        **{**values, **more},
    )
    BillLine.objects.create(
        organization=till.organization,
        bill=bill,
        position=1,
        item_code="TENT-2",
        description="Tent for two",
        quantity=Decimal(1),
        rate=Decimal(amount),
        value=Decimal(amount),
        amount=Decimal(amount),
    )
    return bill


def count_bill(bill: Bill, account: PointsAccount, issued: str) -> None:
    """The bill brought points to the account."""
    BillPoints.objects.create(organization=bill.organization, bill=bill, account=account, issued=Decimal(issued))
