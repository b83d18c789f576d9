"""Fixtures of programs: a club with a shop, shops of two clubs for the API, and the club of the back office's tests."""

from collections.abc import Iterator

import pytest

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.api import Api
from tests.engagement.shops import SOUTH, Shops
from tests.factories.bills import Shop, member, open_shop
from tests.factories.customers import CustomerFactory
from tests.factories.locations import TillFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_files import CLUB, club, loaded
from tests.factories.programs import ProgramVersionFactory, TierFactory


@pytest.fixture
def northwind() -> Iterator[Organization]:
    """An organization with one program, whose scope the test runs in."""
    organization = loaded(club())
    with organization_scope(organization):
        yield organization


@pytest.fixture
def shop(northwind: Organization) -> Shop:
    return open_shop(northwind)


@pytest.fixture
def asha(northwind: Organization) -> Customer:
    """A member of the club."""
    return member(northwind)


@pytest.fixture
def club_program(organization: Organization) -> Program:
    """Northwind's default program: 5 points per 100, and three tiers."""
    program = Program.objects.get(is_default=True)
    rules = {name: CLUB[name] for name in ("precision", "earning", "tiers")}
    ProgramVersionFactory(program=program, number=2, rules=rules)
    for position, tier in enumerate(rules["tiers"], start=1):
        TierFactory(program=program, name=tier["name"], description=tier.get("description", ""), position=position)
    return program


@pytest.fixture
def account(club_program: Program, store: Store) -> PointsAccount:
    """The account of Anna Rao of MG Road in that program, with 100 points."""
    customer = CustomerFactory(organization=store.organization, firstname="Anna", lastname="Rao", registered_store=store)
    account: PointsAccount = PointsAccountFactory(organization=store.organization, program=club_program, customer=customer)
    give_points(account, 100)
    account.refresh_from_db()
    return account


@pytest.fixture
def shops(db: None) -> Iterator[Shops]:
    organization = loaded(club(), SOUTH)
    organization.base_country, organization.countries, organization.currency = "IN", ["GB"], "INR"
    organization.save()
    with organization_scope(organization):
        yield Shops(
            organization,
            TillFactory(store=Store.objects.get(code="blr"), code="blr.till1", name="Bengaluru till 1"),
            TillFactory(store=Store.objects.get(code="del"), code="del.till1", name="Delhi till 1"),
            Program.objects.get(name="Club"),
            Program.objects.get(name="South club"),
        )


@pytest.fixture
def api(shops: Shops) -> Api:
    """Calls as Bengaluru's till."""
    return Api(shops.blr)


@pytest.fixture
def delhi_api(shops: Shops) -> Api:
    """Calls as Delhi's till."""
    return Api(shops.delhi)


@pytest.fixture
def bazaar_api(shops: Shops) -> Api:
    """Calls as a till of another organization."""
    with unscoped("tests make their rows"):
        return Api(TillFactory(store__organization__code="bazaar", store__code="bazaar.main", code="bazaar.till1"))
