"""Bills of a customer at the same moment: together they earn no more than the cap of a day.

The twin shows that the test can fail: without the lock of the account each bill sees nothing of the others.
"""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.bills.recording import RecordedBill, record_bills
from engagement.earning import awarding
from engagement.earning.awarding import award_bills
from engagement.points.ledger import repository
from engagement.points.models import PointsEntry
from engagement.programs.catalog import load_catalog
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.bills import DAY, NOON, Shop
from tests.factories.locations import till_actor
from tests.factories.program_files import club, load
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 4
CAP = 100

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def recorded(shop: Shop, customer: Customer) -> list[Bill]:
    """A bill for each worker, without its points."""
    rule = {"name": "base", "award": {"fixed": 60}, "max_points_per_day": CAP}
    load(club(earning=[rule], precision=0))
    drafts = [shop.draft(str(number), 10, customer_id=customer.pk) for number in range(WORKERS)]
    organization = shop.organization
    with transaction.atomic():
        results = record_bills(
            drafts,
            customers={customer.pk: customer},
            organization=organization,
            policy=organization.policy,
            by=till_actor(shop.till),
            now=NOON + DAY,
        )
    return [result.bill for result in results if isinstance(result, RecordedBill)]


def award_at_once(shop: Shop, customer: Customer, bills: list[Bill]) -> None:
    def work(bill: Bill) -> None:
        with organization_scope(shop.organization), transaction.atomic():
            award_bills(
                [bill],
                customers={customer.pk: customer},
                catalog=load_catalog(),
                organization=shop.organization,
                by=till_actor(shop.till),
                now=NOON + DAY,
            )

    race([[bill] for bill in bills], work)


def awarded() -> Decimal:
    total: Decimal = PointsEntry.objects.filter(kind="AWARD").aggregate(total=Sum("points"))["total"]
    return total


def test_bills_at_once_share_the_cap_of_a_day(shop: Shop, asha: Customer) -> None:
    award_at_once(shop, asha, recorded(shop, asha))
    assert awarded() == CAP


def test_twin_without_the_lock_exceeds_the_cap(shop: Shop, asha: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    bills = recorded(shop, asha)
    remove_row_locks(monkeypatch, repository)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'points_entry_version_unique'")
        (definition,) = cursor.fetchone()
        cursor.execute("ALTER TABLE engagement_pointsentry DROP CONSTRAINT points_entry_version_unique")
    try:
        with all_read_before(awarding, "write_accounts", workers=WORKERS):
            award_at_once(shop, asha, bills)
        assert awarded() == 60 * WORKERS
    finally:
        with unscoped("the constraint needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE engagement_pointsentry CASCADE")
            cursor.execute(definition)
            cursor.execute(
                "ALTER TABLE engagement_pointsentry ADD CONSTRAINT points_entry_version_unique UNIQUE"
                " USING INDEX points_entry_version_unique"
            )
