"""How many points has a user group?"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from customers.profile.models import Customer
from engagement.points.expiry import Expiry
from engagement.points.group_points import group_points as section
from engagement.points.ledger.repository import write_accounts
from engagement.programs.models import Program
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import account_of, member
from tests.factories.customers import CustomerFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.points import give_points, state_of
from tests.factories.program_files import club, loaded
from tests.reads import read_parts

pytestmark = pytest.mark.django_db


@pytest.fixture
def northwind() -> Iterator[Organization]:
    other = {"name": "Bees", "bound_to": {"zones": ["south"]}, "earning": []}
    organization = loaded(club(), other)
    with organization_scope(organization):
        yield organization


def give(customer: Customer, points: int, program: str = "Club", *, until: date | None = None) -> None:
    with transaction.atomic():
        give_points(account_of(customer, program), points, expiry=Expiry(on=until))


def group_points(*customers: Customer) -> dict[int, list[tuple[str, int, int]]]:
    """By customer: program, earned in all, to spend."""
    names = {str(pk): name for pk, name in Program.objects.values_list("pk", "name")}
    return {
        pk: [(names[row["program_id"]], int(row["lifetime_points"]), int(row["loyalty_points"])) for row in rows]
        for pk, rows in rows_of(*customers).items()
    }


def rows_of(*customers: Customer) -> dict[int, list[dict[str, str]]]:
    """The printed rows by customer."""
    parts = read_parts([section], *customers, query={"user_group": "1"})
    return {pk: part["group_points_summaries"]["group_points_summary"] for pk, part in parts.items()}


def test_members_points_are_summed_by_program_the_default_one_first(northwind: Organization) -> None:
    asha, boris, cleo = (
        member(northwind, "Club", "Bees"),
        member(northwind),
        CustomerFactory(organization=northwind, type="NON_LOYALTY"),
    )
    family = UserGroupFactory(organization=northwind, external_id="G1")
    join_group(family, asha.pk, boris.pk, cleo.pk)
    give(asha, 10)
    give(boris, 5)
    give(asha, 3, "Bees")
    rows = [("Club", 15, 15), ("Bees", 3, 3)]
    assert group_points(asha, cleo) == {asha.pk: rows, cleo.pk: rows}
    stranger = member(northwind)
    assert group_points(stranger) == {stranger.pk: []}


def test_active_groups_are_ordered_by_external_id(northwind: Organization) -> None:
    asha, boris = member(northwind), member(northwind)
    crew, family = (
        UserGroupFactory(organization=northwind, external_id="G2"),
        UserGroupFactory(organization=northwind, external_id="G1"),
    )
    join_group(crew, asha.pk)
    join_group(family, asha.pk, boris.pk)
    join_group(UserGroupFactory(organization=northwind, external_id="G0", is_active=False), asha.pk)
    give(boris, 5)
    (rows,) = rows_of(asha).values()
    assert [(row["group_id"], row["lifetime_points"]) for row in rows] == [(str(family.pk), "5"), (str(crew.pk), "0")]
    Program.objects.update(is_active=False)
    assert group_points(asha) == {asha.pk: []}


def test_what_is_due_on_any_member_is_done_first(northwind: Organization) -> None:
    asha, boris = member(northwind), member(northwind)
    join_group(UserGroupFactory(organization=northwind, external_id="G1"), asha.pk, boris.pk)
    give(asha, 10)
    give(boris, 5, until=date(2020, 6, 1))
    give(boris, 2)
    assert group_points(asha) == {asha.pk: [("Club", 17, 12)]}
    assert account_of(boris).expired == 5
    assert group_points(asha) == {asha.pk: [("Club", 17, 12)]}


def test_several_members_who_are_due_are_settled_together(northwind: Organization) -> None:
    asha, boris, cleo = member(northwind), member(northwind), member(northwind)
    join_group(UserGroupFactory(organization=northwind, external_id="G1"), asha.pk, boris.pk, cleo.pk)
    for late in (boris, cleo):
        give(late, 5, until=date(2020, 6, 1))
    assert group_points(asha) == {asha.pk: [("Club", 10, 0)]}
    assert [account_of(late).expired for late in (boris, cleo)] == [5, 5]


def test_a_balance_below_zero_takes_nothing_from_the_others(northwind: Organization) -> None:
    asha, boris = member(northwind), member(northwind)
    join_group(UserGroupFactory(organization=northwind, external_id="G1"), asha.pk, boris.pk)
    give(asha, 10)
    with transaction.atomic():
        state = state_of(account_of(boris))
        state.account.floor = state.account.balance = state.account.adjusted = Decimal(-4)
        state.is_changed = True
        write_accounts([state])
    assert group_points(asha) == {asha.pk: [("Club", 10, 10)]}
