"""Northwind with two clubs, two stores and their tills."""

from typing import Any, NamedTuple

from customers.profile.models import Customer
from engagement.earning.enrolment import Joining, enrol
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.customers import LONG_AGO, CustomerFactory, IdentifierFactory
from tests.factories.programs import ProgramVersionFactory

SOUTH = {"name": "South club", "bound_to": {"zones": ["south"]}, "earning": [{"name": "all", "award": {"percent": 10}}]}


class Shops(NamedTuple):
    """The till `blr` is in the zone of the South club, `delhi` is in the default club alone."""

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
        first = self.club.versions.get(number=1)
        ProgramVersionFactory(program=self.club, number=2, rules={**first.rules, "earning": rules}, made_at=LONG_AGO)

    def customer(self, mobile: str = "919812345678", **more: Any) -> Customer:
        """A customer in no club."""
        customer = CustomerFactory(organization=self.organization, **more)
        IdentifierFactory(customer=customer, value=mobile)
        return customer
