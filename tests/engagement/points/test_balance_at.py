"""What did an account hold by then, and what of it was known by then?"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from engagement.points.balance_at import history_of
from engagement.points.ledger.movements import award
from engagement.points.ledger.repository import write_accounts
from engagement.programs.models import Program
from organizations.tenancy.models import Organization
from tests.engagement.points_history import day, write_history
from tests.factories.points import PointsAccountFactory, facts, give_points, state_of
from tests.factories.programs import ProgramFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(organization: Organization) -> Program:
    return Program.objects.get(organization=organization, is_default=True)


@pytest.mark.parametrize(
    ("moment", "figures"),
    [
        (day(-1), (0, 0, 0, 0, 0, 0, 0)),
        (day(0), (100, 0, 0, 0, 0, 100, 50)),
        (day(2), (100, 40, 0, 0, 0, 60, 50)),
        (day(3), (120, 40, 0, 0, 0, 80, 30)),
        (day(5), (130, 25, 0, 60, 0, 45, 30)),
        (day(10), (130, 25, 10, 60, 0, 35, 30)),
        (day(39), (130, 25, 10, 60, 5, 40, 30)),
        (None, (160, 25, 10, 60, 5, 70, 0)),
    ],
)
def test_the_figures_of_any_moment(
    organization: Organization, club: Program, moment: datetime | None, figures: tuple[int, ...]
) -> None:
    """Now, which is long after the 40th day, the promise of that day is kept: nobody had to settle it before."""
    account = write_history(organization).account
    (history,) = history_of(account.customer_id, organization=organization, as_of=moment)
    balance = history.balance
    assert (
        balance.lifetime,
        balance.redeemed,
        balance.expired,
        balance.returned,
        balance.adjusted,
        balance.balance,
        balance.promised,
    ) == figures


def test_what_was_known_then_does_not_change_with_what_arrives_late(organization: Organization, club: Program) -> None:
    account = PointsAccountFactory(organization=organization)
    give_points(account, 10, facts=facts(day(0)))
    state = state_of(account)
    award(state, Decimal(5), facts=facts(day(1), recorded_at=day(9)))
    write_accounts([state])

    def balance(**moments: Any) -> Decimal:
        (history,) = history_of(account.customer_id, organization=organization, **moments)
        return history.balance.balance

    assert balance(as_of=day(1)) == 15
    assert balance(known_at=day(8)) == 10
    assert balance(as_of=day(1), known_at=day(8)) == 10
    assert balance(as_of=day(0), known_at=day(9)) == 10
    assert balance() == 15


def test_every_account_has_its_own_history(organization: Organization, club: Program) -> None:
    account = PointsAccountFactory(organization=organization)
    second = ProgramFactory(organization=organization, name="Second")
    PointsAccountFactory(organization=organization, program=second, customer=account.customer)
    give_points(account, 10)
    histories = history_of(account.customer_id, organization=organization)
    assert [(history.account.program.name, history.balance.balance) for history in histories] == [("Club", 10), ("Second", 0)]
    assert history_of(0, organization=organization) == []


@pytest.mark.parametrize("size", [1, 3])
def test_a_history_costs_the_same_for_any_number_of_entries(
    organization: Organization, club: Program, django_assert_num_queries: Any, size: int
) -> None:
    account = PointsAccountFactory(organization=organization)
    for _ in range(size):
        give_points(account, 10)
    with django_assert_num_queries(3):
        history_of(account.customer_id, organization=organization)
