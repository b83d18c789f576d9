"""A club with a store, its member Anna with points, and those who work there."""

from collections.abc import Iterator

import pytest
from django.test import Client

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import log_in
from tests.factories.customers import CustomerFactory
from tests.factories.documents import check
from tests.factories.locations import TillFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_documents import club, document
from tests.factories.staff import StaffMemberFactory
from use_cases.organization_file import load_organization


@pytest.fixture
def organization(db: None) -> Iterator[Organization]:
    """Northwind, Indian, with the program Club; the test runs in its scope."""
    said = document(club(enrolment=None))
    with unscoped("tests make their rows"):
        said["organization"]["base_country"] = "IN"
        organization = load_organization(check(said)).organization
    with organization_scope(organization):
        yield organization


@pytest.fixture
def club_program(organization: Organization) -> Program:
    return Program.objects.get(is_default=True)


@pytest.fixture
def anna(store: Store) -> Customer:
    return CustomerFactory(organization=store.organization, firstname="Anna", lastname="Rao", registered_store=store)


@pytest.fixture
def account(anna: Customer) -> PointsAccount:
    """Anna's, with 100 points."""
    account = PointsAccountFactory(organization=anna.organization, customer=anna)
    give_points(account, 100)
    account.refresh_from_db()
    return account


@pytest.fixture
def elsewhere(organization: Organization) -> Till:
    """The till of another store."""
    return TillFactory(
        store__organization=organization, store__code="blr.indira", store__name="Indiranagar", code="indira.till1"
    )


@pytest.fixture
def administrator(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="org_admin", username="asha"))


@pytest.fixture
def seller(store: Store) -> Client:
    """Store staff of MG Road."""
    return log_in(StaffMemberFactory(organization=store.organization, role="store_staff", stores=[store], username="robin"))


@pytest.fixture
def auditor(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=organization, role="auditor", username="sam"))


@pytest.fixture
def operator(organization: Organization) -> Client:
    return log_in(StaffMemberFactory(operator=True, username="operator"))
