"""What the first load of an organization file creates"""

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password

from organizations.card_series.models import CardSeries
from organizations.credentials.hashing import password_digest, verify_digest, verify_secret
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.organization_file.loading import stored_sections
from organizations.organization_file.problems import OrganizationFileError
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from organizations.tenancy.verification import IdentityVerification
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import TillFactory
from tests.factories.organization_files import OWN_SECTIONS, check, load, small, spoil, whole
from tests.factories.organizations import OrganizationFactory
from tests.factories.staff import StaffMemberFactory
from tests.organizations.organization_file.rows import rows_of

pytestmark = pytest.mark.django_db


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


def test_stored_json_keeps_every_digit() -> None:
    document = whole()
    spoil(document, "programs[0].tiers[2].upgrade.threshold", 999_999_999_999)
    spoil(document, "programs[1].points_to_currency", check(document)["programs"][0]["points_to_currency"] + 123_456_789)
    kept = stored_sections(check(document), OWN_SECTIONS)
    assert kept["programs"][0]["tiers"][2]["upgrade"]["threshold"] == 999_999_999_999
    assert repr(kept["programs"][1]["points_to_currency"]) == "123456789.25"
