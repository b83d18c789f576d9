"""Northwind with two clubs, two stores and their tills."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from engagement.earning.enrolment import Joining, enrol
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program, ProgramVersion
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.api import Api
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.locations import TillFactory
from tests.factories.program_documents import club, loaded

SOUTH = {"name": "South club", "bound_to": {"zones": ["south"]}, "earning": [{"name": "all", "award": {"percent": 10}}]}


class Shops(NamedTuple):
    """`blr` lies in the zone of the South club, `delhi` only in the default club."""

    organization: Organization
    blr: Till
    delhi: Till
    club: Program
    south: Program

    def member(self, mobile: str = "919812345678", **more: Any) -> Customer:
        """A customer in both clubs."""
        customer = self.customer(mobile, **more)
        joining = Joining(customer=customer, programs=load_catalog().active, at=LONG_AGO)
        enrol([joining], organization=self.organization)
        return customer

    def earn(self, *rules: dict[str, Any]) -> None:
        """Let the default club award by these rules from now on."""
        newest = self.club.versions.get(number=1)
        ProgramVersion.objects.create(
            organization=self.organization,
            program=self.club,
            number=2,
            rules={**newest.rules, "earning": rules},
            made_at=LONG_AGO,
        )

    def customer(self, mobile: str = "919812345678", **more: Any) -> Customer:
        """Somebody in no club."""
        customer = CustomerFactory(organization=self.organization, **more)
        Identifier.objects.create(organization=self.organization, customer=customer, kind="mobile", value=mobile)
        return customer


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
def stranger_api(shops: Shops) -> Api:
    """Calls as a till of another organization."""
    with unscoped("tests make their rows"):
        return Api(TillFactory(store__organization__code="bazaar", store__code="bazaar.main", code="bazaar.till1"))
