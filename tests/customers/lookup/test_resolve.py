"""Customers of the rows of an import file (docs/imports.md)."""

import pytest

from customers.identifiers.models import Identifier
from customers.lookup.resolve import resolve_rows
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.organizations import OrganizationFactory

pytestmark = pytest.mark.django_db


def customer_with(organization, *, state="CURRENT", exclusive=True, **identifiers) -> int:
    """The id of a customer with these identifiers."""
    customer = CustomerFactory(organization=organization)
    for kind, value in identifiers.items():
        IdentifierFactory(customer=customer, kind=kind, value=value, state=state, exclusive=exclusive)
    return customer.pk


def resolve(organization, *rows: dict[str, str]) -> list[int]:
    """Ids of customers; codes of refusals are negative."""
    results = resolve_rows(rows, organization=organization)
    return [-int(result.code) if isinstance(result, LoyaltyError) else result for result in results]


@pytest.fixture
def asha(organization) -> int:
    return customer_with(organization, mobile="919812345678", email="asha@example.com", external_id="E,1")


def test_every_kind_of_identifier_leads_to_its_customer_as_files_write_it(organization, asha):
    assert (
        resolve(
            organization,
            {"id": str(asha)},
            {"mobile": " 98123-45678 "},
            {"email": "Asha@Example.com"},
            {"external_id": " E,1"},
            {"mobile": "+919812345678"},
        )
        == [asha] * 5
    )


def test_first_filled_of_id_mobile_external_id_and_email_decides(organization, asha):
    boris = customer_with(organization, mobile="919812345679", email="boris@example.com", external_id="E-2")
    everything = {"email": "asha@example.com", "external_id": "E-2", "mobile": "9812345678", "id": str(boris)}
    assert resolve(organization, everything) == [boris]
    assert resolve(organization, {**everything, "id": "0"}) == [asha]
    assert resolve(organization, {**everything, "id": "", "mobile": " "}) == [boris]
    assert resolve(organization, {"email": "asha@example.com", "subject": "x"}) == [asha]


def test_the_first_filled_value_decides_even_if_not_found(organization, asha):
    assert resolve(organization, {"id": "999999", "mobile": "9812345678"}) == [-1011]
    assert resolve(organization, {"mobile": "12ab", "email": "asha@example.com"}) == [-1042]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, 1015),
        ({"mobile": "", "id": "  "}, 1015),
        ({"mobile": "9812345670"}, 1012),
        ({"email": "nobody@example.com"}, 1012),
        ({"external_id": "e,1"}, 1012),
        ({"id": "999999"}, 1011),
        ({"id": "9" * 30}, 1011),
        ({"id": "abc"}, 400),
        ({"external_id": "E\x00"}, 400),
        ({"mobile": "12ab"}, 1042),
        ({"email": "no address"}, 1042),
    ],
)
def test_an_unknown_customer_has_the_code_of_a_read(organization, asha, row, code):
    assert resolve(organization, {"id": str(asha)}, row) == [asha, -code]


def test_merged_identifiers_find_the_survivor_and_former_ones_none(organization):
    survivor = customer_with(organization, state="MERGED", mobile="919812345678")
    customer_with(organization, state="FORMER", exclusive=False, mobile="919812345679")
    assert resolve(organization, {"mobile": "9812345678"}, {"mobile": "9812345679"}) == [survivor, -1012]


def test_a_shared_address_identifies_nobody_but_the_last_who_has_it(organization):
    organization.flags = {"CONF_USERS_IS_EMAIL_UNIQUE": False}
    first, second = (customer_with(organization, exclusive=False, email="shared@example.com") for _ in range(2))
    assert resolve(organization, {"email": "shared@example.com"}) == [-1012]
    Identifier.objects.filter(customer=second).update(state="FORMER")
    assert resolve(organization, {"email": "shared@example.com"}) == [first]


def test_customers_of_another_organization_are_unknown(organization, asha):
    with unscoped("tests make their rows"):
        bazaar = OrganizationFactory(code="bazaar", with_program=True)
    with organization_scope(bazaar):
        assert resolve(bazaar, {"id": str(asha)}, {"mobile": "9812345678"}) == [-1011, -1012]


@pytest.mark.parametrize("times", [1, 3])
def test_a_batch_costs_a_query_for_each_kind(organization, asha, times, django_assert_num_queries):
    rows = [{"id": str(asha)}, {"mobile": "9812345678"}, {"email": "asha@example.com"}, {"external_id": "E,1"}, {}] * times
    with django_assert_num_queries(4):
        assert resolve(organization, *rows) == [asha, asha, asha, asha, -1015] * times
    with django_assert_num_queries(1):
        assert resolve(organization, *[{"id": str(asha + step)} for step in range(times)])[0] == asha
    with django_assert_num_queries(0):
        assert resolve(organization) == []
