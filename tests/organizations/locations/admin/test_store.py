"""Stores in the back office; and with them what every room of the configuration does alike."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import errors_of, filled_form, list_of, log_in, page_of, shown
from tests.factories.locations import ConceptFactory, StoreFactory, ZoneFactory
from tests.factories.staff import StaffMemberFactory

STORES = "organizations_store"
ADD = "/admin/organizations/store/add/"


def test_an_administrator_adds_a_store(administrator: Client, organization: Organization) -> None:
    zone = ZoneFactory(organization=organization, code="south", name="South")
    form = filled_form(administrator, ADD, code="blr.indira", name="Indiranagar", zone=zone.pk, external_id="1002")
    assert administrator.post(ADD, form).status_code == 302
    store = Store.objects.get(code="blr.indira")
    assert (store.organization, store.zone, store.is_active) == (organization, zone, True)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_type, entry.object_id) == ("created", "store", store.pk)
    assert (entry.actor, entry.source, entry.old) == ("staff:asha", "BACK_OFFICE", {})
    assert entry.new == {
        "code": "blr.indira",
        "name": "Indiranagar",
        "active": True,
        "external_id": "1002",
        "zone": "south",
        "concept": None,
    }
    assert len(entry.request_id) == 36


def test_a_change_lists_old_and_new_values(administrator: Client, store: Store) -> None:
    page = page_of(STORES, store)
    concept = ConceptFactory(organization=store.organization, code="cafe", name="Cafe")
    form = filled_form(administrator, page, name="M. G. Road", concept=concept.pk, is_active=False)
    assert administrator.post(page, form).status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.action == "changed"
    assert entry.old == {"name": "MG Road", "concept": None, "active": True}
    assert entry.new == {"name": "M. G. Road", "concept": "cafe", "active": False}


def test_saving_without_a_change_is_no_entry(administrator: Client, store: Store) -> None:
    page = page_of(STORES, store)
    assert administrator.post(page, filled_form(administrator, page)).status_code == 302
    assert not AuditEntry.objects.exists()


def test_the_code_stays_what_it_was(administrator: Client, store: Store) -> None:
    page = page_of(STORES, store)
    administrator.post(page, filled_form(administrator, page, code="other"))
    store.refresh_from_db()
    assert store.code == "blr.mgroad"


def test_a_code_is_unique_in_an_organization(administrator: Client, store: Store, stranger: Till) -> None:
    form = filled_form(administrator, ADD, code=store.code, name="Again")
    assert errors_of(administrator.post(ADD, form)) == {"code": ["Is taken already."]}
    form = filled_form(administrator, ADD, code=stranger.store.code, name="Same code elsewhere")
    assert administrator.post(ADD, form).status_code == 302


def test_a_form_is_as_strict_as_the_organization_file(administrator: Client) -> None:
    form = filled_form(administrator, ADD, code="bell\x07", name="Bell")
    assert errors_of(administrator.post(ADD, form)) == {"code": ["Must not contain control characters."]}
    assert errors_of(administrator.post(ADD, filled_form(administrator, ADD, code="x"))) == {
        "name": ["This field is required."]
    }


def test_zones_of_others_cannot_be_chosen(administrator: Client, stranger: Till) -> None:
    with unscoped("tests make their rows"):
        zone = ZoneFactory(organization=stranger.organization, code="south", name="South")
    form = filled_form(administrator, ADD, code="x", name="X", zone=zone.pk)
    assert list(errors_of(administrator.post(ADD, form))) == ["zone"]


def test_staff_see_and_open_their_own_organization_alone(administrator: Client, store: Store, stranger: Till) -> None:
    assert shown(administrator.get(list_of(STORES))) == [store]
    answer = administrator.get(page_of(STORES, stranger.store))
    assert answer.status_code == 302
    form = filled_form(administrator, page_of(STORES, store), name="Taken over")
    assert administrator.post(page_of(STORES, stranger.store), form).status_code == 302
    assert administrator.get(reverse("admin:organizations_store_history", args=[stranger.store.pk])).status_code == 302
    with unscoped("looking at the other organization"):
        assert not Store.objects.filter(name="Taken over").exists()


def test_a_manager_sees_the_own_stores_and_changes_none(store: Store, till: Till) -> None:
    StoreFactory(organization=store.organization, code="blr.other")
    manager = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store]))
    assert shown(manager.get(list_of(STORES))) == [store]
    page = manager.get(page_of(STORES, store))
    assert "mgroad.till1" in page.content.decode()
    assert not page.context["has_change_permission"]
    assert manager.post(page_of(STORES, store), {"name": "Mine"}).status_code == 403
    assert manager.get(ADD).status_code == 403


def test_store_staff_have_nothing_to_do_here(store: Store) -> None:
    answer = log_in(StaffMemberFactory(organization=store.organization, role="store_staff", stores=[store])).get(
        list_of(STORES)
    )
    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.content.decode()


def test_an_auditor_reads_and_changes_nothing(auditor: Client, store: Store) -> None:
    assert auditor.get(page_of(STORES, store)).status_code == 200
    assert auditor.post(page_of(STORES, store), {"name": "Mine"}).status_code == 403
    assert auditor.get(ADD).status_code == 403


def test_nothing_can_be_deleted(administrator: Client, operator: Client, store: Store) -> None:
    for browser in (administrator, operator):
        assert browser.post(reverse("admin:organizations_store_delete", args=[store.pk]), {"post": "yes"}).status_code == 403
        choices = browser.get(list_of(STORES)).context["action_form"].fields["action"].choices
        assert "delete_selected" not in dict(choices)
    assert Store.objects.get() == store


def test_rows_are_switched_off_and_on_from_the_list(administrator: Client, store: Store) -> None:
    for action, expected in (("deactivate", False), ("activate", True)):
        administrator.post(list_of(STORES), {"action": action, "confirmed": "1", "_selected_action": [store.pk]})
        store.refresh_from_db()
        assert store.is_active is expected
    assert [(entry.old, entry.new) for entry in AuditEntry.objects.order_by("pk")] == [
        ({"active": True}, {"active": False}),
        ({"active": False}, {"active": True}),
    ]


def test_the_history_of_a_row_is_shown(administrator: Client, store: Store) -> None:
    page = page_of(STORES, store)
    administrator.post(page, filled_form(administrator, page, name="M. G. Road"))
    history = administrator.get(reverse("admin:organizations_store_history", args=[store.pk])).content.decode()
    assert "asha (staff)" in history
    assert "<del>MG Road</del>" in history
    assert "<ins>M. G. Road</ins>" in history


def test_the_history_needs_the_right_to_see_the_row(store: Store) -> None:
    agent = log_in(StaffMemberFactory(organization=store.organization, role="care_agent"))
    assert agent.get(reverse("admin:organizations_store_history", args=[store.pk])).status_code == 403


def test_an_operator_chooses_the_organization_of_a_new_row(operator: Client, store: Store, stranger: Till) -> None:
    asked = operator.get(ADD).content.decode()
    assert "For which organization?" in asked
    assert "?organization=bazaar" in asked
    address = f"{ADD}?organization=bazaar"
    operator.post(address, filled_form(operator, address, code="bazaar.second", name="Second"))
    with unscoped("looking at the other organization"):
        made = Store.objects.get(code="bazaar.second")
        assert made.organization == stranger.organization
        assert AuditEntry.objects.get().organization == stranger.organization


def test_an_operator_sees_all_with_their_organizations(operator: Client, store: Store, stranger: Till) -> None:
    answer = operator.get(list_of(STORES))
    assert set(shown(answer)) == {store, stranger.store}
    assert "Northwind" in answer.content.decode()
    narrowed = operator.get(list_of(STORES), {"organization": str(stranger.organization_id)})
    assert shown(narrowed) == [stranger.store]
    assert shown(operator.get(list_of(STORES), {"organization": "x"}, follow=True)) == []


def test_an_operator_works_within_the_organization_of_the_row(operator: Client, stranger: Till) -> None:
    with unscoped("tests make their rows"):
        own = ZoneFactory(organization=stranger.organization, code="own", name="Own")
        ZoneFactory(organization__code="third", code="other")
    page = page_of(STORES, stranger.store)
    zones = operator.get(page).context["adminform"].form.fields["zone"].queryset
    assert list(zones) == [own]
    assert operator.get(page_of(STORES, Store(pk=0))).status_code == 302
    assert operator.get(reverse("admin:organizations_store_history", args=[stranger.store.pk])).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_costs_the_same_for_any_number(
    administrator: Client, organization: Organization, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    zone = ZoneFactory(organization=organization, code="south", name="South")
    StoreFactory.create_batch(rows, organization=organization, zone=zone)
    # Session, member of staff, the limit to stores, zones and concepts of the filters, stores (counted twice, and
    # read).
    with django_assert_num_queries(9):
        administrator.get(list_of(STORES))


def test_names_are_stored_without_invisible_characters(administrator: Client, organization: Organization) -> None:
    form = filled_form(administrator, ADD, code="blr.indira", name="Indira\u202enagar\u200b")
    assert administrator.post(ADD, form).status_code == 302
    assert Store.objects.get(code="blr.indira").name == "Indiranagar"
