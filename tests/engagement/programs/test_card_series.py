"""Programs bound to card series: every read shows the program that the catalog says applies at the till."""

from collections.abc import Iterator, Sequence

import pytest
from django.db import transaction

from customers.profile.models import Customer
from engagement.earning.enrolment import Joining, enrol
from engagement.points.balances import memberships_of
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program
from organizations.card_series.models import CardSeries
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.bills import account_of
from tests.factories.cards import CardFactory
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.locations import TillFactory
from tests.factories.points import give_points
from tests.factories.program_files import club, loaded
from tests.factories.redemptions import redeem

pytestmark = pytest.mark.django_db
# Points of a member, by program, so that a figure shows which program was read.
POINTS = {"Club": 1000, "Gold club": 200, "Plain club": 30, "Free club": 4}
CARDS: Sequence[dict[str, str]] = [
    {},
    {"GOLD": "ISSUED"},
    {"PLAIN": "ACTIVE"},
    {"GOLD": "ACTIVE", "PLAIN": "ISSUED"},
    {"GOLD": "EXPIRED"},
]
PROGRAMS: Sequence[Sequence[str]] = [list(POINTS), ["Club"], ["Club", "Free club"], ["Free club"], ["Plain club", "Gold club"]]


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(
        club(),
        {"name": "Gold club", "bound_to": {"card_series": ["GOLD"]}, "earning": []},
        {"name": "Plain club", "bound_to": {"card_series": ["PLAIN"]}, "earning": []},
        {"name": "Free club", "earning": []},
    )
    with organization_scope(organization):
        yield organization


def holder(organization: Organization, cards: dict[str, str], programs: Sequence[str]) -> Customer:
    """A customer with these cards, in these programs, with points and a redemption of one point in each."""
    customer = CustomerFactory(organization=organization)
    for code, status in cards.items():
        CardFactory(series=CardSeries.objects.get(code=code), customer=customer, status=status)
    current = [entry for entry in load_catalog().active if entry.program.name in programs]
    enrol([Joining(customer=customer, programs=current, at=LONG_AGO)], organization=organization)
    for name in programs:
        with transaction.atomic():
            give_points(account_of(customer, name), POINTS[name])
    return customer


def shown_by_catalog(customer: Customer, store: Store) -> int:
    """The points in the first applicable program that the customer is in, by the catalog alone; 0 without one."""
    catalog = load_catalog()
    applicable = catalog.programs_for_each(store, [customer.pk])[customer.pk]
    memberships = memberships_of([customer.pk])
    names = [
        current.program.name for current in applicable.both() if AccountKey(customer.pk, current.program.pk) in memberships
    ]
    return POINTS[names[0]] if names else 0


def test_reads_show_the_program_of_the_catalog(northwind: Organization) -> None:
    store = Store.objects.get(code="blr")
    api = Api(TillFactory(store=store, code="blr.till1"))
    people = [holder(northwind, cards, programs) for cards in CARDS for programs in PROGRAMS]
    expected = [shown_by_catalog(customer, store) for customer in people]
    assert set(expected) == {0, *POINTS.values()}
    ids = ",".join(str(customer.pk) for customer in people)
    assert [item["loyalty_points"] for item in api.get(f"id={ids}").items] == expected
    bills = api.call("GET", "transactions", f"id={ids}").customers
    assert [customer["loyalty_points"] for customer in bills] == expected


def test_redemptions_shown_are_those_of_the_program_of_the_catalog(northwind: Organization) -> None:
    store = Store.objects.get(code="blr")
    api = Api(TillFactory(store=store, code="blr.till1"))
    people = [holder(northwind, cards, programs) for cards in CARDS for programs in PROGRAMS]
    by_name = {program.name: program for program in Program.objects.all()}
    spent = {name: number for number, name in enumerate(POINTS, start=1)}
    for customer in people:
        for key in memberships_of([customer.pk]):
            name = next(name for name, program in by_name.items() if program.pk == key.program_id)
            redeem(customer, by_name[name], spent[name], "2026-01-03 12:00:00", till=None)
    # Each program's redemption has points of its own.
    of_points = {POINTS[name]: number for name, number in spent.items()}
    expected = [of_points.get(shown_by_catalog(customer, store)) for customer in people]
    answers = api.call("GET", "redemptions", f"id={','.join(str(customer.pk) for customer in people)}").customers
    shown = [[row["points_redeemed"] for row in answer["redemptions"]["points"]["point"]] for answer in answers]
    assert shown == [[] if points is None else [points] for points in expected]
