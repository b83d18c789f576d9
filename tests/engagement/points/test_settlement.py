"""When does what is due take effect?"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from engagement.points.models import PointsAccount, PointsEntry
from engagement.points.settlement import settle_due, settled_accounts
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import DAY, NOON, account_of, member, open_shop
from tests.factories.points import PointsAccountFactory
from tests.factories.program_files import club, loaded
from tests.races import race

EXPIRING = {"name": "base", "award": {"per": 100, "points": 5}, "expiry": {"kind": "days", "value": 5}}


@pytest.fixture
def northwind(db: None) -> Iterator[Organization]:
    organization = loaded(club(earning=[EXPIRING]))
    with organization_scope(organization):
        yield organization


def expiring(organization: Organization, count: int) -> list[int]:
    """Members with five points that have expired, not settled yet."""
    shop = open_shop(organization)
    customer_ids = [account.customer_id for account in PointsAccountFactory.create_batch(count, organization=organization)]
    shop.record_all([shop.draft(str(customer_id), 100, customer_id=customer_id) for customer_id in customer_ids])
    return customer_ids


def test_a_read_settles_what_is_due_once(northwind: Organization) -> None:
    ids = expiring(northwind, 2)
    for _ in range(2):
        states = settled_accounts(ids, organization=northwind)
        assert [state.account.balance for state in states.values()] == [0, 0]
        entries = PointsEntry.objects.filter(kind="EXPIRE")
        assert entries.count() == 2
        # Dated by when it was due: the end of the fifth day in Kolkata.
        assert {entry.occurred_at for entry in entries} == {NOON + 5 * DAY + timedelta(hours=12)}


def test_the_nightly_run_settles_all_in_batches(northwind: Organization) -> None:
    expiring(northwind, 5)
    assert list(settle_due(northwind, batch_size=2)) == [2, 2, 1]
    assert list(settle_due(northwind)) == []
    assert PointsAccount.objects.filter(balance=0, due_at=None).count() == 5


def test_an_account_that_is_not_due_after_all_learns_when_it_is(northwind: Organization) -> None:
    shop, asha = open_shop(northwind), member(northwind)
    now = clock.now()
    shop.record(shop.draft("1", 100, customer_id=asha.pk, billed_at=now), now=now)
    due = account_of(asha).due_at
    PointsAccount.objects.update(due_at=F("due_at") - 30 * DAY)
    assert list(settle_due(northwind)) == [1]
    assert (account_of(asha).due_at, account_of(asha).balance) == (due, 5)


@pytest.mark.django_db(transaction=True)
def test_a_read_of_a_locked_account_settles_in_memory_only(transactional_db: None, northwind: Organization) -> None:
    ids = expiring(northwind, 1)

    def read(_: int) -> int:
        with organization_scope(northwind):
            (state,) = settled_accounts(ids, organization=northwind).values()
            return int(state.account.balance)

    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM engagement_pointsaccount FOR UPDATE")
        try:
            assert race([[1]], read) == [0]
        finally:
            cursor.execute("ROLLBACK")
    assert not PointsEntry.objects.filter(kind="EXPIRE").exists()
