from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organizations.audit.models import AuditEntry
from organizations.card_series.models import CardSeries
from organizations.credentials.hashing import password_digest, sha256_digest, verify_digest, verify_secret
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.organization_file.loading import stored_sections
from organizations.organization_file.problems import OrganizationFileError
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from organizations.tenancy.verification import IdentityVerification
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import TillFactory
from tests.factories.organization_files import OWN_SECTIONS, check, load, small, spoil, whole
from tests.factories.organizations import OrganizationFactory
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def meridian() -> Iterator[Organization]:
    """The whole document, loaded; the test runs in its scope."""
    organization = load(whole()).organization
    with organization_scope(organization):
        yield organization


@pytest.fixture
def tiny() -> Iterator[Organization]:
    organization = load(small()).organization
    with organization_scope(organization):
        yield organization


def rows_of(model: Any, *names: str) -> list[Any]:
    return list(model.objects.values_list(*names))


def refused(document: dict[str, Any]) -> dict[str, str]:
    """Paths of the problems that only the database can detect."""
    with pytest.raises(OrganizationFileError) as caught:
        load(document)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_the_organization_gets_its_values(meridian: Organization) -> None:
    meridian.refresh_from_db()
    assert (meridian.name, meridian.timezone, meridian.currency, meridian.language) == (
        "Meridian Traders",
        "Asia/Kolkata",
        "INR",
        "hi",
    )
    assert (meridian.base_country, meridian.countries, meridian.gender_field) == ("IN", ["GB", "AE"], "Sex")
    assert meridian.policy.primary == "email"
    assert meridian.policy.batch_limit == 50
    assert meridian.flags == {
        "CONF_REGISTRATION_PRIMARY_KEY": "email",
        "CONF_ALLOW_EMAIL_UPDATE": 1,
        "CONF_MIN_REGISTRATION_DATE": "1995-06-01",
        "CONF_LOYALTY_MIN_BILL_AMOUNT": "10.5",
        "BATCH_LIMIT": 50,
        "EXTERNAL_ID_PATTERN": "[A-Z]{2}[0-9]+",
        "CONF_LOYALTY_REGISTER_CUSTOMER_GENDER": "Sex",
    }


def test_places_and_credentials_get_their_rows(meridian: Organization) -> None:
    assert rows_of(Zone, "code", "name", "is_active") == [
        ("NO", "Norway", True),
        ("closed", "Closed", False),
        ("south", "South", True),
    ]
    assert rows_of(Concept, "code", "is_active") == [("fashion", True), ("food", True)]
    assert rows_of(Store, "code", "external_id", "zone__code", "concept__code", "is_active") == [
        ("mg", "1001", "south", "fashion", True),
        ("old", "", "closed", None, False),
        ("oslo", "", "NO", None, True),
    ]
    assert rows_of(Till, "code", "store__code", "is_active") == [
        ("mg.till1", "mg", True),
        ("mg.till2", "mg", False),
        ("oslo.till1", "oslo", True),
    ]
    assert verify_digest(Till.objects.get(code="mg.till1").password_hash, password_digest("mg-secret-1"))
    assert Till.objects.get(code="mg.till2").password_hash == ""
    assert rows_of(ApiClient, "key", "till__code", "token_ttl") == [
        ("meridian-key", "mg.till1", 3600),
        ("spare-key", "oslo.till1", 300),
    ]
    assert verify_secret(ApiClient.objects.get(key="meridian-key").secret_hash, "meridian-client-secret")


def test_fields_cards_and_source_accounts_get_their_rows(meridian: Organization) -> None:
    assert rows_of(FieldDefinition, "category", "position", "name", "type", "is_mandatory", "is_searchable", "is_active") == [
        ("custom", 0, "Sex", "enum", False, False, True),
        ("custom", 1, "Hobbies", "multi", True, False, True),
        ("custom", 2, "Age", "number", False, False, False),
        ("extended", 0, "city", "text", False, True, True),
        ("extended", 1, "dob", "date", False, False, True),
        ("extended", 2, "subscribed", "boolean", False, False, True),
        ("preference", 0, "Favorite Color", "enum", False, False, True),
        ("ticket", 0, "order_number", "text", False, False, True),
        ("transaction", 0, "cashier", "text", False, False, True),
    ]
    city = FieldDefinition.objects.get(name="city")
    assert (city.max_length, city.labels) == (50, {"hi": "शहर", "en": "City"})
    assert FieldDefinition.objects.get(name="Sex").options == ["Male", "Female", "No"]
    assert rows_of(CardSeries, "code", "name", "type", "generates", "prefix", "length") == [
        ("APP", "App card", "DIGITAL", False, "", 16),
        ("GOLD", "Gold card", "PHYSICAL", True, "GOLD", 12),
    ]
    assert rows_of(SourceAccount, "source", "account") == [("WECHAT", "wx-main"), ("WECHAT", "wx-second")]


def test_staff_can_log_in_where_they_work(meridian: Organization) -> None:
    asha, audit = StaffMember.objects.filter(organization=meridian).order_by("username")
    assert (asha.username, asha.role, asha.is_staff, asha.is_active, asha.is_superuser) == (
        "meridian-asha",
        "store_staff",
        True,
        True,
        False,
    )
    assert sorted(asha.stores.values_list("code", flat=True)) == ["mg", "oslo"]
    assert check_password("change-me-now", asha.password)
    assert (audit.role, audit.stores.count(), audit.password) == ("auditor", 0, "")


def test_sections_of_later_parts_are_kept_as_json(meridian: Organization) -> None:
    meridian.refresh_from_db()
    kept = meridian.stored_sections
    assert set(kept) == {
        "programs",
        "coupon_series",
        "referral_campaigns",
        "tickets",
        "segments",
        "user_groups",
        "customer_statuses",
    }
    club = kept["programs"][0]
    assert (club["points_to_currency"], club["precision"], club["enrolment"]["points"]) == (0.25, 2, 50)
    assert club["earning"][0]["when"]["from"] == "2026-01-01"
    assert club["earning"][0]["when"]["min_amount"] == 99.95
    assert "active" not in club
    assert kept["coupon_series"][0]["custom_properties"] == {"colour": "red", "size": 12, "weight": 1.5, "gift": True}


def test_identity_verification_is_kept_on_the_organization(tiny: Organization) -> None:
    assert tiny.verification == IdentityVerification()
    document = {**small(), "identity_verification": {"mandatory": ["firstname"], "optional": ["email"], "otp": True}}
    assert load(document).lines == [
        'identity_verification.mandatory: null -> ["firstname"]',
        'identity_verification.optional: null -> ["email"]',
        "identity_verification.otp: null -> true",
    ]
    assert load(document).lines == []
    tiny.refresh_from_db()
    assert tiny.verification == IdentityVerification(mandatory=("firstname",), optional=("email",), otp=True)
    del document["identity_verification"]["optional"]
    assert load(document).lines == ["identity_verification.optional: removed"]


def test_the_report_names_what_happened_path_by_path() -> None:
    report = load(whole())
    assert report.lines[0] == "organization: created meridian"
    assert "zones[1]: created zone NO" in report.lines
    assert "stores[0].tills[0]: created till mg.till1" in report.lines
    assert "api_clients[0]: created API client meridian-key" in report.lines
    assert "fields.custom[1]: created custom field Hobbies" in report.lines
    assert "source_accounts[0]: created source account WECHAT wx-main" in report.lines
    assert 'staff[0].stores: [] -> ["mg", "oslo"]' in report.lines
    assert report.notes == [
        "api_clients[1]: has no secret and cannot log in",
        "staff[1]: has no password and cannot log in",
    ]
    assert report.stored[:3] == ["programs", "coupon_series", "referral_campaigns"]


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


def test_a_password_is_replaced_only_by_another_one(tiny: Organization) -> None:
    before = Till.objects.get().password_hash
    document = small()
    assert load(document).lines == []
    assert Till.objects.get().password_hash == before
    spoil(document, "stores[0].tills[0].password", "new-till-secret")
    assert load(document).lines == ["stores[0].tills[0].password: changed"]
    after = Till.objects.get().password_hash
    assert verify_digest(after, password_digest("new-till-secret"))
    del document["stores"][0]["tills"][0]["password"]
    assert load(document).lines == []
    assert Till.objects.get().password_hash == after


def test_the_file_gives_a_till_its_missing_sha256_hash(tiny: Organization) -> None:
    Till.objects.update(password_hash_sha256="")
    assert load(small()).lines == ["stores[0].tills[0].password: changed"]
    till = Till.objects.get()
    assert verify_digest(till.password_hash_sha256, sha256_digest(small()["stores"][0]["tills"][0]["password"]))
    assert load(small()).lines == []


def test_secrets_of_clients_and_staff_are_replaced_only_by_others(meridian: Organization) -> None:
    client, member = ApiClient.objects.get(key="meridian-key"), StaffMember.objects.get(username="meridian-asha")
    document = whole()
    spoil(document, "api_clients[0].secret", "another-client-secret")
    spoil(document, "staff[0].password", "another-staff-password")
    assert load(document).lines == ["api_clients[0].secret: changed", "staff[0].password: changed"]
    client.refresh_from_db()
    member.refresh_from_db()
    assert verify_secret(client.secret_hash, "another-client-secret")
    assert check_password("another-staff-password", member.password)


def test_secrets_from_the_environment_are_set() -> None:
    document = small()
    del document["stores"][0]["tills"][0]["password"]
    spoil(document, "stores[0].tills[0].password_env", "TILL_PASSWORD")
    organization = load(document, environment={"TILL_PASSWORD": "from-outside"}).organization
    with organization_scope(organization):
        assert verify_digest(Till.objects.get().password_hash, password_digest("from-outside"))


def test_a_till_without_a_password_is_allowed_and_reported(tiny: Organization) -> None:
    document = small()
    document["stores"][0]["tills"].append({"code": "tiny.till2", "name": "Second"})
    report = load(document)
    assert report.lines == ["stores[0].tills[1]: created till tiny.till2"]
    assert report.notes == ["stores[0].tills[1]: has no password and cannot log in"]


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


def test_a_dry_run_of_a_new_organization_leaves_none() -> None:
    assert load(small(), dry_run=True).lines[0] == "organization: created tiny"
    assert not Organization.objects.filter(code="tiny").exists()


def test_names_of_another_organization_are_refused_with_paths() -> None:
    with unscoped("tests make their rows"):
        other = OrganizationFactory(code="other", with_program=True)
        till = TillFactory(store__organization=other, code="taken.till1")
        ApiClientFactory(till=till, key="taken-key")
        StaffMemberFactory(username="taken-staff", organization=other, role="auditor")
    StaffMemberFactory(operator=True)
    document = small()
    spoil(document, "stores[0].tills[1]", {"code": "taken.till1", "name": "Second"})
    document["api_clients"] = [{"key": "taken-key", "till": "tiny.till1"}]
    document["staff"] = [{"username": name, "role": "auditor"} for name in ("tiny-staff", "taken-staff", "operator")]
    for _ in range(2):
        assert refused(document) == {
            "stores[0].tills[1].code": "'taken.till1' is already taken on this installation",
            "api_clients[0].key": "'taken-key' is already taken on this installation",
            "staff[1].username": "'taken-staff' is already taken on this installation",
            "staff[2].username": "'operator' is already taken on this installation",
        }
        assert not Organization.objects.filter(code="tiny").exists()
        Organization.objects.create(code="tiny", name="Tiny").delete()


def test_other_codes_may_be_the_same_in_two_organizations(tiny: Organization) -> None:
    twin = small("twin")
    report = load(twin)
    assert report.organization != tiny
    with unscoped("tests look at both"):
        assert Store.objects.filter(code="main").count() == 2


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


def test_stored_json_keeps_every_digit() -> None:
    document = whole()
    spoil(document, "programs[0].tiers[2].upgrade.threshold", 999_999_999_999)
    spoil(document, "programs[1].points_to_currency", check(document)["programs"][0]["points_to_currency"] + 123_456_789)
    kept = stored_sections(check(document), OWN_SECTIONS)
    assert kept["programs"][0]["tiers"][2]["upgrade"]["threshold"] == 999_999_999_999
    assert repr(kept["programs"][1]["points_to_currency"]) == "123456789.25"


def test_lists_of_stored_sections_show_additions_and_removals(tiny: Organization) -> None:
    document = small()
    document["segments"] = [{"name": "a", "partitions": ["x", "y"]}]
    assert load(document).lines == ["segments: stored"]
    spoil(document, "segments[0].partitions", ["x", "z"])
    spoil(document, "segments[1]", {"name": "b", "partitions": ["x"]})
    assert load(document).lines == ['segments[0].partitions: ["x", "y"] -> ["x", "z"]', "segments[1]: added"]
    document["segments"] = deepcopy(document["segments"][:1])
    assert load(document).lines == ["segments[1]: removed"]
