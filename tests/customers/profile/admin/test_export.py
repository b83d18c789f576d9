"""Exports of the list of customers: who may, which rows and columns, and what the audit notes."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from customers.profile.admin import export
from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from loyalty_project.db.timeouts import TookTooLongError
from organizations.audit.models import AuditEntry
from organizations.back_office import list_export, list_page
from organizations.back_office.counting import RowCount
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import list_of, log_in, register
from tests.customers.profile.admin.forms import CUSTOMERS
from tests.factories.customers import CustomerFactory
from tests.factories.points import give_points
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db
EXPORT = f"{list_of(CUSTOMERS)}export-list/"


def export_as(browser: Client, format_: str = "csv", **query: str) -> Any:
    """The answer to the button of the page of exports."""
    return browser.post(EXPORT, {"format": format_}, query_params=query)


def rows_of(answer: HttpResponse) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


def test_the_page_shows_what_would_be_exported(administrator: Client, anna: Customer) -> None:
    link = administrator.get(list_of(CUSTOMERS), {"q": "anna"}).context["cl"].export_address
    assert link == f"{EXPORT}?q=anna"
    page = administrator.get(link).content.decode()
    for text in ("1 customer", "Search:", "Mobile, E-mail", "Excel (XLSX)"):
        assert text in page
    assert not AuditEntry.objects.filter(action="exported").exists()


def test_the_filtered_rows_are_exported(administrator: Client, anna: Customer, indiranagar: Till) -> None:
    register(indiranagar, mobile="9812300002", type="NON_LOYALTY")
    give_points(PointsAccount.objects.get(customer=anna), "12.5")
    (row,) = rows_of(export_as(administrator, type__exact="LOYALTY"))
    assert {name: row[name] for name in row if name != "Joined"} == {
        "Customer id": str(anna.pk),
        "First name": "Anna",
        "Last name": "Rao",
        "Mobile": "919812300001",
        "E-mail": "anna.rao@example.com",
        "External id": "NW-0001",
        "Type": "loyalty",
        "Points": "12.500",
        "Tier": "",
        "Last visit": "",
        "Store": "blr.mgroad",
    }


def test_the_order_of_the_list_is_that_of_the_file(
    administrator: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "c", "a"):
        CustomerFactory(organization=organization, firstname=name, firstname_folded=name)
    monkeypatch.setattr(list_export, "_AT_ONCE", 2)
    assert [row["First name"] for row in rows_of(export_as(administrator, o="0"))] == ["a", "b", "c"]


def test_a_workbook_has_the_same_rows(administrator: Client, anna: Customer) -> None:
    answer = export_as(administrator, "xlsx")
    assert answer["Content-Disposition"].endswith('.xlsx"')
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    titles, row = sheet.iter_rows(values_only=True)
    assert dict(zip(titles, row, strict=True))["Mobile"] == "919812300001"
    assert dict(zip(titles, row, strict=True))["Customer id"] == anna.pk


def test_no_spreadsheet_runs_a_name(administrator: Client, anna: Customer) -> None:
    Customer.objects.update(firstname="=1+1", lastname="@SUM(A1)\x07")
    (row,) = rows_of(export_as(administrator))
    assert (row["First name"], row["Last name"]) == ("'=1+1", "'@SUM(A1) ")
    sheet = load_workbook(BytesIO(export_as(administrator, "xlsx").content)).active
    assert sheet is not None
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("'=1+1", "s")


# --- who


def test_staff_without_the_permission_export_nothing(seller: Client, auditor: Client, anna: Customer) -> None:
    for browser in (seller, auditor):
        assert browser.get(list_of(CUSTOMERS)).context["cl"].export_address == ""
        assert browser.get(EXPORT).status_code == 403
        assert export_as(browser).status_code == 403


def test_a_manager_exports_the_customers_of_own_stores(store: Store, anna: Customer, indiranagar: Till, stranger: Till) -> None:
    register(indiranagar, mobile="9812300002")
    register(stranger, mobile="9812300003")
    manager = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store]))
    assert [row["Customer id"] for row in rows_of(export_as(manager))] == [str(anna.pk)]
    answer = export_as(manager, registered_store=str(indiranagar.store_id))
    assert "There is nothing to export" in answer.content.decode()


def test_columns_that_the_list_hides_are_not_exported(
    administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("points", "tier", "last_visit"):
        monkeypatch.setattr(export.CustomerResource.fields[name], "permission", "no.such")
    (row,) = rows_of(export_as(administrator))
    assert not {"Points", "Tier", "Last visit"} & set(row)


def test_an_operator_chooses_the_organization(operator: Client, anna: Customer, stranger: Till) -> None:
    away = register(stranger, mobile="9812300003")
    answer = export_as(operator)
    assert answer.status_code == 302
    assert next(str(message) for message in get_messages(answer.wsgi_request)).startswith("Choose an organization")
    (row,) = rows_of(export_as(operator, organization=str(away.organization_id)))
    assert row["Customer id"] == str(away.pk)
    with unscoped("looking at the other organization"):
        assert AuditEntry.objects.get(action="exported").organization_id == away.organization_id


# --- limits and the audit


def test_the_audit_notes_who_exported_what(administrator: Client, anna: Customer) -> None:
    assert export_as(administrator, q="anna", type__exact="LOYALTY").status_code == 200
    entry = AuditEntry.objects.get(action="exported")
    assert (entry.actor, entry.object_type, entry.object_id) == ("staff:asha", "organization", anna.organization_id)
    assert {name: entry.new[name] for name in ("list", "format", "rows", "filters", "searched")} == {
        "list": "customers.customer", "format": "csv", "rows": 1, "filters": {"type__exact": "LOYALTY"}, "searched": True,
    }  # fmt: skip
    assert "anna" not in str(entry.new)


def test_more_rows_than_the_limit_are_not_exported(
    administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_page, "row_count", lambda _rows: RowCount("about 20,000", is_exact=False))
    page = administrator.get(EXPORT).content.decode()
    assert "At most 10,000 rows" in page
    assert export_as(administrator).status_code == 200
    assert not AuditEntry.objects.filter(action="exported").exists()


def test_an_export_that_takes_too_long_is_given_up(
    administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def too_long(_seconds: float) -> Iterator[None]:
        raise TookTooLongError
        yield

    monkeypatch.setattr(list_export, "answered_within", too_long)
    answer = export_as(administrator)
    assert "take too long" in answer.content.decode()
    assert not AuditEntry.objects.filter(action="exported").exists()


def test_an_odd_address_exports_nothing(administrator: Client, anna: Customer) -> None:
    for query in ({"nonsense": "1"}, {"joined": "ever"}, {"o": "99"}):
        assert export_as(administrator, **query)["Location"] == list_of(CUSTOMERS)
    assert "text/html" in export_as(administrator, "exe")["Content-Type"]
    assert not AuditEntry.objects.filter(action="exported").exists()


@pytest.mark.parametrize("customers", [1, 3])
def test_an_export_costs_the_same_for_any_number(
    administrator: Client, organization: Organization, customers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    CustomerFactory.create_batch(customers, organization=organization, with_identifiers=True)
    with django_assert_num_queries(25):
        assert len(rows_of(export_as(administrator))) == customers
