"""Do accounts come out of the database as they went in?"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import award, reverse, spend
from engagement.points.ledger.posting import InsufficientPointsError, Kind
from engagement.points.ledger.repository import lock_accounts, read_accounts, write_accounts
from engagement.points.models import PointsConsumption, PointsEntry, PointsLot
from engagement.programs.models import Membership, Program
from organizations.tenancy.models import Organization
from tests.factories.customers import LONG_AGO
from tests.factories.points import PointsAccountFactory, facts, give_points, state_of
from tests.factories.programs import TierFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(organization: Organization) -> Program:
    return Program.objects.get(is_default=True)


def test_an_award_and_a_redemption_are_written_whole(organization: Organization, program: Program) -> None:
    account = PointsAccountFactory(organization=organization, program=program)
    give_points(account, 100)
    state = state_of(account)
    spend(state, Decimal(30), kind=Kind.REDEEM, facts=facts())
    write_accounts([state])
    account.refresh_from_db()
    assert (account.balance, account.lifetime, account.redeemed, account.version) == (70, 100, 30, 2)
    assert list(PointsEntry.objects.order_by("version").values_list("kind", "points", "balance_after", "version")) == [
        ("AWARD", 100, 100, 1),
        ("REDEEM", -30, 70, 2),
    ]
    lot = PointsLot.objects.get()
    assert (lot.points, lot.left, lot.spent) == (100, 70, 30)
    assert PointsConsumption.objects.get().points == 30


def test_more_than_there_is_cannot_be_spent(organization: Organization, program: Program) -> None:
    account = PointsAccountFactory(organization=organization, program=program)
    give_points(account, 100)
    state = state_of(account)
    with pytest.raises(InsufficientPointsError):
        spend(state, Decimal(101), kind=Kind.REDEEM, facts=facts())
    assert not state.is_changed


@pytest.mark.parametrize("model", [PointsEntry, PointsConsumption])
def test_the_database_refuses_to_change_history(organization: Organization, program: Program, model: type) -> None:
    account = PointsAccountFactory(organization=organization, program=program)
    give_points(account, 100)
    state = state_of(account)
    spend(state, Decimal(1), kind=Kind.REDEEM, facts=facts(datetime(2021, 1, 1, tzinfo=UTC)))
    write_accounts([state])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(points=5)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete("default")


def test_a_lot_that_gets_points_back_expires_with_its_tier(organization: Organization, program: Program) -> None:
    """Also where no lot that holds points at the moment does."""
    account = PointsAccountFactory(organization=organization, program=program)
    give_points(account, 10, expiry=Expiry(moves=PointsLot.Moves.MEMBERSHIP))
    gold = TierFactory(program=program, name="Gold", position=1)
    Membership.objects.update(tier=gold, tier_since=LONG_AGO, tier_expires_on=date(2021, 5, 31))
    state = state_of(account)
    redeemed = spend(state, Decimal(10), kind=Kind.REDEEM, facts=facts())
    write_accounts([state])
    lot = PointsLot.objects.get()
    state = state_of(account)
    _, lapsed = reverse(state, redeemed, Decimal(10), taken=[(lot, Decimal(10))], facts=facts(datetime(2021, 6, 2, tzinfo=UTC)))
    assert lapsed == 10


def test_lots_alike_are_spent_as_they_came_even_after_a_reversal(organization: Organization, program: Program) -> None:
    """In one transaction as in several."""
    account = PointsAccountFactory(organization=organization, program=program)
    state = state_of(account)
    for _ in range(2):
        award(state, Decimal(5), facts=facts())
    first = state.new_lots[0]
    redeemed = spend(state, Decimal(5), kind=Kind.REDEEM, facts=facts())
    reverse(state, redeemed, Decimal(5), taken=[(first, Decimal(5))], facts=facts())
    assert state.spendable()[0] is first
    write_accounts([state])
    assert [lot.pk for lot in state_of(account).spendable()] == [lot.pk for lot in state.spendable()]


def test_many_accounts_are_locked_and_read_in_one_query(
    organization: Organization, program: Program, django_assert_num_queries: Any
) -> None:
    for size in (1, 3):
        accounts = [PointsAccountFactory(organization=organization, program=program) for _ in range(size)]
        for account in accounts:
            give_points(account, 10)
        ids = [account.customer_id for account in accounts]
        with django_assert_num_queries(1):
            assert len(lock_accounts(ids, zone=organization.zone)) == size
        with django_assert_num_queries(1):
            assert len(read_accounts(ids, zone=organization.zone)) == size
    give_points(account, 10, expiry=Expiry(moves=PointsLot.Moves.MEMBERSHIP))
    with django_assert_num_queries(1):
        read_accounts([account.customer_id], zone=organization.zone)
