"""A machine whose clock jumps forward lets no points expire, whatever it does (docs/ledger.md)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from structlog.testing import capture_logs

from customers.profile.models import Customer
from engagement.adjustments.posting import Draft
from engagement.adjustments.services import adjust_points
from engagement.points.models import PointsEntry
from engagement.points.search import settle_among
from engagement.points.settlement import settle_due, settled_accounts
from engagement.programs.models import Program
from loyalty_project import clock
from loyalty_project.db import trusted_time
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.bills import DAY, Shop, account_of, member
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.locations import till_actor
from tests.factories.program_files import club, loaded

EXPIRING = {"name": "base", "award": {"per": 100, "points": 5}, "expiry": {"kind": "days", "value": 30}}
JUMP = 400 * DAY


@pytest.fixture
def northwind(db: None) -> Iterator[Organization]:
    organization = loaded(club(earning=[EXPIRING]))
    with organization_scope(organization):
        yield organization


@pytest.fixture
def asha(northwind: Organization, shop: Shop) -> Customer:
    """A customer with five points for thirty days."""
    customer = member(northwind)
    now = clock.now()
    shop.record(shop.draft("1", 100, customer_id=customer.pk, billed_at=now), now=now)
    return customer


@pytest.fixture
def jumped(asha: Customer, monkeypatch: pytest.MonkeyPatch) -> Iterator[datetime]:
    """This machine's clock is far ahead; the database's is not."""
    now = clock.now()
    monkeypatch.setattr(trusted_time, "database_time", lambda: now)
    with time_machine.travel(now + JUMP, tick=False):
        yield now


def read(shop: Shop, asha: Customer) -> None:
    (state,) = settled_accounts([asha.pk], organization=shop.organization).values()
    assert state.account.balance == 5


def read_group(shop: Shop, asha: Customer) -> None:
    join_group(UserGroupFactory(organization=shop.organization), asha.pk)
    item = Api(shop.till).get(f"id={asha.pk}&user_group=true").item
    (row,) = item["group_points_summaries"]["group_points_summary"]
    assert (row["lifetime_points"], row["loyalty_points"]) == ("5", "5")


def run_nightly(shop: Shop, asha: Customer) -> None:
    assert list(settle_due(shop.organization)) == []


def search(shop: Shop, asha: Customer) -> None:
    program = Program.objects.get(is_default=True)
    shown = settle_among(Customer.objects.values("pk"), program=program, organization=shop.organization, seconds=5)
    assert shown == {}


def sell(shop: Shop, asha: Customer) -> None:
    shop.record(shop.draft("2", 100, customer_id=asha.pk, billed_at=clock.now()), now=clock.now())
    assert account_of(asha).balance == 10


def sell_late(shop: Shop, asha: Customer) -> None:
    shop.record_all([shop.draft("3", 100, customer_id=asha.pk, billed_at=clock.now())], now=clock.now(), is_history=True)


def adjust(shop: Shop, asha: Customer) -> None:
    account, draft = account_of(asha), Draft(points=Decimal(1), reason="Goodwill")
    adjust_points(account, draft, limit=None, by=till_actor(shop.till))


@pytest.mark.parametrize("work", [read, read_group, run_nightly, search, sell, sell_late, adjust])
def test_nothing_expires_by_a_clock_that_jumped(
    shop: Shop, asha: Customer, jumped: datetime, work: Callable[[Shop, Customer], None]
) -> None:
    with capture_logs() as logs:
        work(shop, asha)
    assert not PointsEntry.objects.filter(kind__in=["EXPIRE", "RELEASE"]).exists()
    assert account_of(asha).balance >= 5
    assert "clock_ahead_of_database" in {log["event"] for log in logs if log["log_level"] == "error"}


def test_what_is_due_by_the_databases_clock_is_settled_all_the_same(
    shop: Shop, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now() + 40 * DAY
    monkeypatch.setattr(trusted_time, "database_time", lambda: at)
    with time_machine.travel(clock.now() + JUMP, tick=False):
        assert list(settle_due(shop.organization)) == [1]
    entry = PointsEntry.objects.get(kind="EXPIRE")
    assert entry.occurred_at < at


def test_points_expire_when_both_clocks_say_so(shop: Shop, asha: Customer) -> None:
    with time_machine.travel(clock.now() + JUMP, tick=False):
        assert list(settle_due(shop.organization)) == [1]
    assert account_of(asha).balance == 0


def test_a_clock_that_is_right_again_settles_as_usual(shop: Shop, asha: Customer, jumped: datetime) -> None:
    read(shop, asha)
    with time_machine.travel(jumped + timedelta(minutes=1), tick=False):
        read(shop, asha)
