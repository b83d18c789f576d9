"""Do accounts come out of the database as they went in?"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from engagement.ledger.accounts import InsufficientPointsError, Kind
from engagement.ledger.movements import spend
from engagement.ledger.storing import write_accounts
from engagement.models import PointsConsumption, PointsEntry, PointsLot, Program
from organizations.models import Organization
from tests.engagement.members import facts, give_points, make_account, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(organization: Organization) -> Program:
    return Program.objects.get(is_default=True)


def test_an_award_and_a_redemption_are_written_whole(organization: Organization, program: Program) -> None:
    account = make_account(organization, program)
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
    account = make_account(organization, program)
    give_points(account, 100)
    state = state_of(account)
    with pytest.raises(InsufficientPointsError):
        spend(state, Decimal(101), kind=Kind.REDEEM, facts=facts())
    assert not state.is_changed


@pytest.mark.parametrize("model", [PointsEntry, PointsConsumption])
def test_the_database_refuses_to_change_history(organization: Organization, program: Program, model: type) -> None:
    account = make_account(organization, program)
    give_points(account, 100)
    state = state_of(account)
    spend(state, Decimal(1), kind=Kind.REDEEM, facts=facts(datetime(2021, 1, 1, tzinfo=UTC)))
    write_accounts([state])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(points=5)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete("default")
