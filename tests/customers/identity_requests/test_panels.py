"""Requests to change identifiers on a customer's page."""

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.identity_requests.panels import SHOWN, identity_panel
from customers.profile.models import Customer
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import page_of, register, table_texts
from tests.factories.identity_requests import ask, staff
from tests.factories.staff import StaffMemberFactory
from use_cases.identity import reject_request

OLD, OTHER = "919812300001", "919812300002"


def test_the_latest_requests_are_shown_on_both_pages(till: Till, organization: Organization, anna: Customer) -> None:
    usha = register(till, firstname="Usha", mobile=OTHER)
    first = ask(till, "mobile", OLD, OTHER)
    reject_request(first.pk, reason="Not proved", by=staff(organization))
    second = ask(till, "mobile", OLD, "919812300009")
    auditor = StaffMemberFactory(organization=organization, role="auditor")
    of_anna = identity_panel(anna, organization=organization, seen_by=auditor)
    of_usha = identity_panel(usha, organization=organization, seen_by=auditor)
    assert of_anna is not None
    assert of_usha is not None
    assert page_of("customers_identityrequest", second) in of_anna.rows[0][0]
    assert page_of("customers_identityrequest", first) in of_anna.rows[1][0]
    assert [row[1] for row in table_texts(of_anna)] == ["pending", "rejected"]
    ((change, _status, requested, decided),) = table_texts(of_usha)
    assert change == "+91 98123 00001 → +91 98123 00002 merges into Anna Rao"
    assert requested.endswith("mgroad.till1 (till)")
    assert decided.endswith("asha (staff) Not proved")


def test_the_panel_needs_requests_and_permission(till: Till, organization: Organization, anna: Customer) -> None:
    assert (
        identity_panel(anna, organization=organization, seen_by=StaffMemberFactory(organization=organization, role="auditor"))
        is None
    )
    ask(till, "mobile", OLD, "919812300009")
    assert (
        identity_panel(
            anna, organization=organization, seen_by=StaffMemberFactory(organization=organization, role="", username="nobody")
        )
        is None
    )


@pytest.mark.parametrize("rows", [1, 3, 12])
def test_the_panel_costs_one_query(
    till: Till, organization: Organization, anna: Customer, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        ask(till, "mobile", OLD, f"9198123001{number:02}")
    member = StaffMemberFactory(organization=organization, role="auditor")
    member.has_perm("customers.view_identityrequest")  # remembered by the member
    with django_assert_num_queries(1):
        panel = identity_panel(anna, organization=organization, seen_by=member)
        assert panel is not None
    assert len(panel.rows) == min(rows, SHOWN)
