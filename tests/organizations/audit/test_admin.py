"""The audit in the back office: read and searched, never changed."""

from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import filled_form, list_of, log_in, page_of, shown
from tests.factories.fields import FieldFactory
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory

AUDIT = "organizations_auditentry"


@pytest.fixture
def entries(administrator: Client, store: Store, till: Till) -> dict[str, AuditEntry]:
    """One entry of a member of staff, one of a command, and one of a till about something that has no room."""
    page = page_of("organizations_store", store)
    administrator.post(page, filled_form(administrator, page, name="M. G. Road"))
    city = FieldFactory(organization=store.organization, name="city")
    values = {"name": "x", "a": 1, "b": 2, "field_values": {str(city.pk): "Leeds"}}
    record_changes(
        [Change(action="changed", object_type="store", object_id=7, new=values)],
        by=command_actor("import_stores", store.organization),
    )
    record_changes([Change(action="changed", object_type="voucher", object_id=8)], by=till_actor(till))
    staff, command, at_till = AuditEntry.objects.order_by("pk")
    return {"staff": staff, "command": command, "till": at_till}


def matches(browser: Client, **query: str) -> list[AuditEntry]:
    return shown(browser.get(list_of(AUDIT), query))


def test_entries_are_listed_newest_first(administrator: Client, entries: dict[str, AuditEntry]) -> None:
    answer = administrator.get(list_of(AUDIT))
    assert shown(answer) == [entries["till"], entries["command"], entries["staff"]]
    page = answer.content.decode()
    assert "asha (staff)" in page
    assert "a, b, name and 1 more" in page
    assert "voucher 8" in page


def test_entries_are_found_by_object_actor_and_request(administrator: Client, entries: dict[str, AuditEntry]) -> None:
    assert matches(administrator, q="7") == [entries["command"]]
    assert matches(administrator, q="asha") == [entries["staff"]]
    assert matches(administrator, q="command:import_stores") == [entries["command"]]
    assert matches(administrator, q=entries["staff"].request_id.upper()) == [entries["staff"]]
    assert matches(administrator, q=str(uuid4())) == []
    assert len(matches(administrator, q=" ")) == 3


def test_entries_are_narrowed(administrator: Client, entries: dict[str, AuditEntry]) -> None:
    assert matches(administrator, object_type="store") == [entries["command"], entries["staff"]]
    assert matches(administrator, source__exact="IMPORT") == [entries["command"]]
    assert len(matches(administrator, at_from="2020-01-01", at_to="9000-01-01")) == 3
    assert matches(administrator, at_to="2020-01-01") == []


def test_an_entry_lists_every_change(administrator: Client, entries: dict[str, AuditEntry]) -> None:
    page = administrator.get(page_of(AUDIT, entries["staff"])).content.decode()
    assert "<del>MG Road</del>" in page
    assert entries["staff"].request_id in page
    page = administrator.get(page_of(AUDIT, entries["command"])).content.decode()
    assert "city" in page
    assert "<ins>Leeds</ins>" in page


def test_the_audit_is_read_only(operator: Client, administrator: Client, entries: dict[str, AuditEntry]) -> None:
    for browser in (operator, administrator):
        assert browser.get("/admin/organizations/auditentry/add/").status_code == 403
        assert browser.post(page_of(AUDIT, entries["staff"]), {"action": "x"}).status_code == 403


def test_others_entries_are_out_of_sight(administrator: Client, stranger: Till) -> None:
    with organization_scope(stranger.organization):
        record_changes([Change(action="changed", object_type="store", object_id=1)], by=till_actor(stranger))
        entry = AuditEntry.objects.get()
    assert matches(administrator) == []
    assert administrator.get(page_of(AUDIT, entry)).status_code == 302


def test_staff_limited_to_stores_have_no_audit(organization: Organization, store: Store) -> None:
    agent = log_in(StaffMemberFactory(organization=organization, role="care_agent", stores=[store]))
    assert agent.get(list_of(AUDIT)).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, till: Till, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    record_changes(
        [Change(action="changed", object_type="store", object_id=n) for n in range(1, rows + 1)], by=till_actor(till)
    )
    # Session, member of staff, the limit to stores, names of fields, entries, the count.
    with django_assert_num_queries(7):
        administrator.get(list_of(AUDIT))
