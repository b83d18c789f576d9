"""What a later load of an organization file changes, lists and leaves alone"""

from copy import deepcopy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizations.audit.models import AuditEntry
from organizations.card_series.models import CardSeries
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import load, small, spoil, whole
from tests.organizations.organization_file.rows import rows_of

pytestmark = pytest.mark.django_db


def test_the_same_file_again_writes_nothing(meridian: Organization) -> None:
    entries = AuditEntry.objects.count()
    hashes = rows_of(Till, "code", "password_hash")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = load(whole())
    assert report.lines == []
    assert [query["sql"] for query in queries if query["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}] == []
    assert AuditEntry.objects.count() == entries
    assert rows_of(Till, "code", "password_hash") == hashes
    # the transaction (2), its time-out, the organization, 3 owners of names, 9 tables and the fields' order, staff's stores
    assert len(queries) == 18


def test_changes_are_listed_old_and_new_and_keep_the_row(meridian: Organization) -> None:
    store, till = Store.objects.get(code="mg"), Till.objects.get(code="mg.till1")
    document = whole()
    spoil(document, "organization.name", "Meridian")
    spoil(document, "organization.base_country", None)
    spoil(document, "settings.BATCH_LIMIT", 100)
    spoil(document, "settings.CONF_ALLOW_MOBILE_UPDATE", 1)
    spoil(document, "fields.gender_field", "city")
    spoil(document, "stores[0].name", "Main Street")
    spoil(document, "stores[0].zone", None)
    spoil(document, "fields.custom[0].options", ["Female", "Male"])
    spoil(document, "api_clients[0].till", "oslo.till1")
    spoil(document, "staff[0].stores", ["mg"])
    spoil(document, "programs[0].tiers[1].upgrade.threshold", 12_000)
    spoil(document, "programs[0].earning[0].award", {"percent": 3})
    assert load(document).lines == [
        'organization.name: "Meridian Traders" -> "Meridian"',
        'organization.base_country: "IN" -> null',
        'fields.gender_field: "Sex" -> "city"',
        "settings.BATCH_LIMIT: 50 -> 100",
        "settings.CONF_ALLOW_MOBILE_UPDATE: 0 -> 1",
        "programs[0].earning[0].award.percent: null -> 3",
        "programs[0].earning[0].award.per: 100 -> null",
        "programs[0].earning[0].award.points: 5.125 -> null",
        "programs[0].tiers[1].upgrade.threshold: 10000 -> 12000",
        'stores[0].name: "MG Road" -> "Main Street"',
        'stores[0].zone: "south" -> null',
        'api_clients[0].till: "mg.till1" -> "oslo.till1"',
        'fields.custom[0].options: ["Male", "Female", "No"] -> ["Female", "Male"]',
        'staff[0].stores: ["mg", "oslo"] -> ["mg"]',
    ]
    assert (Store.objects.get(code="mg").pk, Till.objects.get(code="mg.till1").pk) == (store.pk, till.pk)
    assert Store.objects.get(code="mg").name == "Main Street"
    assert Organization.objects.get(code="meridian").policy.batch_limit == 100
    assert load(document).lines == []


def test_changes_are_audited_object_by_object_without_secrets(tiny: Organization) -> None:
    document = small()
    spoil(document, "stores[0].name", "Main Street")
    spoil(document, "stores[0].tills[0].password", "quite-another-secret")
    load(document)
    spoil(document, "stores[0].tills", [])
    load(document)
    entries = AuditEntry.objects.order_by("pk")
    store, till = Store.objects.get(), Till.objects.get()
    assert [(entry.action, entry.object_type, entry.object_id, entry.old, entry.new) for entry in entries] == [
        ("created", "organization", tiny.pk, {}, entries[0].new),
        (
            "created",
            "store",
            store.pk,
            {},
            {"code": "main", "name": "Main", "external_id": "", "zone": None, "concept": None, "active": True},
        ),
        (
            "created",
            "till",
            till.pk,
            {},
            {"code": "tiny.till1", "name": "Till", "store": "main", "active": True, "password": "set"},
        ),
        ("changed", "store", store.pk, {"name": "Main"}, {"name": "Main Street"}),
        ("changed", "till", till.pk, {}, {"password": "changed"}),
        ("deactivated", "till", till.pk, {"active": True}, {"active": False}),
    ]
    assert {(entry.actor, entry.source, entry.organization_id) for entry in entries} == {
        ("command:load_organization", "COMMAND", tiny.pk)
    }
    assert entries[0].new["name"] == "Tiny"


def test_what_the_file_no_longer_names_is_switched_off_and_on_again(meridian: Organization) -> None:
    bare = {"organization": whole()["organization"]}
    lines = load(bare).lines
    assert "till oslo.till1: no longer named, deactivated" in lines
    assert "staff meridian-asha: no longer named, deactivated" in lines
    assert "programs: removed" in lines
    for model in (Zone, Concept, Store, Till, ApiClient, FieldDefinition, SourceAccount, CardSeries):
        assert model.objects.count() > 0
        assert not model.objects.filter(is_active=True).exists()
    assert not StaffMember.objects.filter(organization=meridian, is_active=True).exists()
    meridian.refresh_from_db()
    assert (meridian.flags, meridian.stored_sections, meridian.gender_field) == ({}, {}, "")
    assert load(bare).lines == []
    lines = load(whole()).lines
    assert "stores[0].tills[0].active: false -> true" in lines
    assert "programs: stored" in lines
    assert not any("created" in line or "password" in line for line in lines)
    assert Till.objects.get(code="mg.till1").is_active
    assert not Till.objects.get(code="mg.till2").is_active


def test_tills_go_with_the_store_that_is_no_longer_named(meridian: Organization) -> None:
    document = whole()
    document["stores"] = [store for store in document["stores"] if store["code"] != "oslo"]
    document["api_clients"] = document["api_clients"][:1]
    spoil(document, "staff[0].stores", ["mg"])
    load(document)
    assert rows_of(Till, "code", "is_active") == [("mg.till1", True), ("mg.till2", False), ("oslo.till1", False)]
    assert not Store.objects.get(code="oslo").is_active


def test_a_till_may_move_to_another_store(meridian: Organization) -> None:
    document = whole()
    document["stores"][1]["tills"].append(document["stores"][0]["tills"].pop(0))
    assert load(document).lines == ['stores[1].tills[1].store: "mg" -> "oslo"']
    assert Till.objects.get(code="mg.till1").store.code == "oslo"


def test_a_dry_run_reports_and_undoes_everything(meridian: Organization) -> None:
    entries = AuditEntry.objects.count()
    document = whole()
    spoil(document, "organization.name", "Renamed")
    spoil(document, "stores[0].name", "Main Street")
    spoil(document, "zones[3]", {"code": "west", "name": "West"})
    assert load(document, dry_run=True).lines == [
        'organization.name: "Meridian Traders" -> "Renamed"',
        "zones[3]: created zone west",
        'stores[0].name: "MG Road" -> "Main Street"',
    ]
    meridian.refresh_from_db()
    assert meridian.name == "Meridian Traders"
    assert Store.objects.get(code="mg").name == "MG Road"
    assert not Zone.objects.filter(code="west").exists()
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize(
    ("names", "positions"),
    [
        (["a", "b", "c", "d"], [("a", 0), ("b", 1), ("c", 2), ("d", 3)]),
        (["a", "c"], [("a", 0), ("b", 1), ("c", 2)]),
        (["c", "a", "b"], [("c", 0), ("a", 1), ("b", 2)]),
        (["new", "a", "b", "c"], [("new", 0), ("a", 1), ("b", 2), ("c", 3)]),
        (["b", "new"], [("a", 0), ("b", 1), ("c", 2), ("new", 3)]),
    ],
)
def test_fields_keep_the_order_of_the_file(names: list[str], positions: list[tuple[str, int]]) -> None:
    document = small()
    document["fields"] = {"custom": [{"name": name} for name in "abc"]}
    organization = load(document).organization
    document["fields"] = {"custom": [{"name": name} for name in names]}
    load(document)
    assert load(document).lines == []
    with organization_scope(organization):
        assert rows_of(FieldDefinition, "name", "position") == positions


def test_lists_of_stored_sections_show_additions_and_removals(tiny: Organization) -> None:
    document = small()
    document["segments"] = [{"name": "a", "partitions": ["x", "y"]}]
    assert load(document).lines == ["segments: stored"]
    spoil(document, "segments[0].partitions", ["x", "z"])
    spoil(document, "segments[1]", {"name": "b", "partitions": ["x"]})
    assert load(document).lines == ['segments[0].partitions: ["x", "y"] -> ["x", "z"]', "segments[1]: added"]
    document["segments"] = deepcopy(document["segments"][:1])
    assert load(document).lines == ["segments[1]: removed"]
