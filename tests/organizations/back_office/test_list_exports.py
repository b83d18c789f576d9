"""Every list that is exported, or has presets: by role, store and organization."""

import csv
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client

from engagement.bills.models import Bill
from organizations.back_office.list_exports import ExportedList
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.attacks.places import Place, open_places
from tests.back_office import list_of, log_in, shown
from tests.factories.bills import BillFactory
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db
REGISTRY: Any = admin.site._registry
EXPORTED: dict[str, type[Model]] = {
    model._meta.label_lower.replace(".", "_"): model for model, page in REGISTRY.items() if isinstance(page, ExportedList)
}
# The ticket of a place may be closed or overdue: all of them.
QUERIES = {"tickets_ticket": {"state": "all"}}


@pytest.fixture
def places(organization: Organization) -> dict[str, Place]:
    with unscoped("tests make their rows"):
        return open_places(organization)


def export(browser: Client, noun: str, **query: str) -> list[dict[str, str]]:
    """The rows of the CSV file; nothing if none is answered."""
    answer = browser.post(f"{list_of(noun)}export-list/", {"format": "csv"}, query_params=query)
    assert answer.status_code == 200
    if not answer["Content-Type"].startswith("text/csv"):
        return []
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


def test_the_lists_that_are_exported() -> None:
    assert sorted(EXPORTED) == [
        "customers_customer", "engagement_bill", "engagement_coupon", "engagement_pointsentry", "engagement_redemption",
        "tickets_ticket",
    ]  # fmt: skip


@pytest.mark.parametrize("noun", sorted(EXPORTED))
def test_the_file_has_the_rows_that_the_list_shows(places: dict[str, Place], noun: str) -> None:
    store = places["own"].till.store
    query = QUERIES.get(noun, {})
    for stores in ([store], []):
        manager = log_in(
            StaffMemberFactory(organization=store.organization, role="store_manager", stores=stores, username=f"m{len(stores)}")
        )
        rows = shown(manager.get(list_of(noun), query))
        assert rows
        assert len(export(manager, noun, **query)) == len(rows)


@pytest.mark.parametrize("role", ["store_staff", "care_agent", "auditor"])
def test_other_roles_export_no_list(organization: Organization, role: str) -> None:
    browser = log_in(StaffMemberFactory(organization=organization, role=role))
    for noun in EXPORTED:
        address = f"{list_of(noun)}export-list/"
        assert browser.get(list_of(noun)).status_code == 200
        assert (browser.get(address).status_code, browser.post(address, {"format": "csv"}).status_code) == (403, 403)


def test_a_customer_of_another_store_has_no_name_in_a_file(places: dict[str, Place]) -> None:
    own, elsewhere = places["own"], places["elsewhere"]
    with unscoped("tests make their rows"):
        BillFactory(till=own.till, customer=elsewhere.customer, number="FAR-1")
    manager = log_in(StaffMemberFactory(organization=own.till.organization, role="store_manager", stores=[own.till.store]))
    (row,) = (row for row in export(manager, "engagement_bill") if row["Number"] == "FAR-1")
    assert (row["Customer id"], row["Customer"]) == ("", "a customer of another store")


def test_a_return_is_exported_as_a_negative_number(administrator: Client, organization: Organization) -> None:
    BillFactory(organization=organization, type=Bill.Type.RETURN, amount="12.5")
    (row,) = export(administrator, "engagement_bill")
    assert row["Amount"] == "-12.500"


def test_presets_of_every_list_are_admitted(administrator: Client) -> None:
    nouns = [model._meta.label_lower.replace(".", "_") for model, page in REGISTRY.items() if page.presets]
    assert set(EXPORTED) <= set(nouns)
    for noun in nouns:
        for link in administrator.get(list_of(noun)).context["cl"].presets:
            answer = administrator.get(f"{list_of(noun)}{link.link}")
            assert answer.status_code == 200
            assert [current.label for current in answer.context["cl"].presets if current.is_current] == [link.label]


@pytest.mark.parametrize("noun", sorted(EXPORTED))
def test_every_order_of_a_list_is_that_of_an_index(organization: Organization, noun: str) -> None:
    member = StaffMemberFactory(organization=organization, role="org_admin")
    browser = log_in(StaffMember.objects.get(pk=member.pk))
    page = browser.get(list_of(noun)).context["cl"]
    columns = [number for number, column in enumerate(page.list_display) if column in page.sortable_by]
    for query in [{}, *({"o": f"{sign}{number}"} for number in columns for sign in ("", "-"))]:
        rows = browser.get(list_of(noun), query).context["cl"].queryset.prefetch_related(None)[:50]
        with connection.cursor() as cursor, organization_scope(organization):
            for setting in ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_sort"):
                cursor.execute(f"SET LOCAL {setting} = off")
            plan = rows.explain(costs=False)
            for setting in ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_sort"):
                cursor.execute(f"RESET {setting}")
        # An incremental sort puts rows of one moment in order.
        assert not re.search(r"(^|-> +)Sort\n", plan), (query, plan)
