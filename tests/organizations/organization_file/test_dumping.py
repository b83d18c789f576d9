from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from pytest_django import DjangoAssertNumQueries

from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Zone
from organizations.organization_file.dumping import dump_organization, organization_document
from organizations.organization_file.loading import load_organization
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import OWN_SECTIONS, WHOLE, check, load, small, whole
from tests.factories.organizations import OrganizationFactory
from use_cases.organization_file import check_document

pytestmark = pytest.mark.django_db
SECRETS = ("mg-secret-1", "oslo-secret", "meridian-client-secret", "change-me-now", "argon2", "password", "secret_env")


@pytest.fixture
def meridian() -> Organization:
    return load(whole()).organization


def test_the_dump_equals_the_loaded_file(meridian: Organization) -> None:
    """Checked with all defaults filled in, the dump and the file differ in nothing but secrets and the order of rows."""

    def comparable(document: dict[str, Any]) -> dict[str, Any]:
        for store in document["stores"]:
            for till in store["tills"]:
                till["password"] = None
        for row in [*document["api_clients"], *document["staff"]]:
            row["password" if "password" in row else "secret"] = None
        for section in ("zones", "concepts", "stores", "api_clients", "source_accounts", "card_series", "staff"):
            document[section].sort(key=lambda row: str(next(iter(row.values()))) + row.get("account", ""))
        for member in document["staff"]:
            member["stores"].sort()
        return document

    assert comparable(dict(check(organization_document(meridian, sections=OWN_SECTIONS)))) == comparable(dict(check(whole())))


def test_loading_the_dump_changes_nothing(meridian: Organization) -> None:
    text = dump_organization(meridian, sections=OWN_SECTIONS)
    with organization_scope(meridian):
        entries = AuditEntry.objects.count()
    report = load_organization(check_document(text.encode(), environment={}), sections=OWN_SECTIONS)
    assert report.lines == []
    assert dump_organization(report.organization, sections=OWN_SECTIONS) == text
    with organization_scope(meridian):
        assert AuditEntry.objects.count() == entries


def test_what_was_switched_off_round_trips_as_well(meridian: Organization) -> None:
    load({"organization": whole()["organization"]})
    meridian.refresh_from_db()
    text = dump_organization(meridian, sections=OWN_SECTIONS)
    assert yaml.safe_load(text)["stores"][0] == {
        "code": "mg",
        "name": "MG Road",
        "external_id": "1001",
        "zone": "south",
        "concept": "fashion",
        "active": False,
        "tills": [
            {"code": "mg.till1", "name": "Till 1", "active": False},
            {"code": "mg.till2", "name": "Till 2", "active": False},
        ],
    }
    assert load_organization(check_document(text.encode(), environment={}), sections=OWN_SECTIONS).lines == []


def test_the_dump_rebuilds_the_organization_in_another_place(meridian: Organization) -> None:
    document = organization_document(meridian, sections=OWN_SECTIONS)
    document["organization"]["code"] = "copy"
    for store in document["stores"]:
        for till in store.get("tills", []):
            till["code"] = f"copy.{till['code']}"
    for client in document["api_clients"]:
        client |= {"key": f"copy-{client['key']}", "till": f"copy.{client['till']}"}
    for member in document["staff"]:
        member["username"] = f"copy-{member['username']}"
    copy = load(document).organization
    assert organization_document(copy, sections=OWN_SECTIONS) == document


def test_the_dump_has_no_secrets(meridian: Organization) -> None:
    text = dump_organization(meridian, sections=OWN_SECTIONS)
    assert [secret for secret in SECRETS if secret in text] == []


def test_values_keep_their_types(meridian: Organization) -> None:
    dump = yaml.safe_load(dump_organization(meridian, sections=OWN_SECTIONS))
    club = dump["programs"][0]
    assert club["points_to_currency"] == 0.25
    assert club["tiers"][1]["upgrade"]["threshold"] == 10_000
    assert club["tiers"][2]["upgrade"]["threshold"] == 50_000.5
    assert club["earning"][1]["expiry"] == {"kind": "date", "value": date(2027, 12, 31)}
    assert dump["coupon_series"][0]["custom_properties"] == {"colour": "red", "gift": True, "size": 12, "weight": 1.5}
    assert dump["settings"]["CONF_MIN_REGISTRATION_DATE"] == date(1995, 6, 1)
    assert dump["settings"]["CONF_LOYALTY_MIN_BILL_AMOUNT"] == 10.5
    assert dump["settings"]["CONF_ALLOW_EMAIL_UPDATE"] == 1
    assert dump["stores"][0]["external_id"] == "1001"
    assert dump["zones"][0] == {"code": "NO", "name": "Norway"}
    assert organization_document(meridian, sections=OWN_SECTIONS)["programs"][0]["earning"][0]["award"]["points"] == Decimal(
        "5.125"
    )


@pytest.mark.parametrize(
    ("written", "dumped"),
    [
        ({}, {}),
        ({"redemptions_per_coupon": 1}, {}),
        *([({"redemptions_per_coupon": value}, {"redemptions_per_coupon": value}) for value in (0, 2, None)]),
    ],
)
def test_the_uses_of_a_coupon_are_dumped_as_they_were_written(written: dict[str, Any], dumped: dict[str, Any]) -> None:
    series = {"code": "FREE", "discount_type": "FLAT", "discount_value": 5}
    organization = load({**small(), "coupon_series": [{**series, **written}]}).organization
    text = dump_organization(organization, sections=OWN_SECTIONS)
    assert yaml.safe_load(text)["coupon_series"] == [{**series, **dumped}]
    assert load_organization(check_document(text.encode(), environment={}), sections=OWN_SECTIONS).lines == []


def test_sections_keep_the_order_of_the_file(meridian: Organization) -> None:
    assert list(organization_document(meridian, sections=OWN_SECTIONS)) == list(yaml.safe_load(WHOLE.read_bytes()))


def test_what_is_a_default_is_left_out() -> None:
    organization = load(small()).organization
    assert organization_document(organization, sections=OWN_SECTIONS) == {
        "organization": {"code": "tiny", "name": "Tiny"},
        "stores": [{"code": "main", "name": "Main", "tills": [{"code": "tiny.till1", "name": "Till"}]}],
    }
    assert dump_organization(
        OrganizationFactory(code="bare", name="Bare", countries=[], with_program=True), sections=OWN_SECTIONS
    ) == ("organization: {code: bare, name: Bare, timezone: Asia/Kolkata, currency: INR, base_country: IN}\n")


def test_a_zone_switched_off_in_the_back_office_stays_off_under_its_stores(meridian: Organization) -> None:
    with organization_scope(meridian):
        Zone.objects.filter(code="south").update(is_active=False)
        text = dump_organization(meridian, sections=OWN_SECTIONS)
        assert load_organization(check_document(text.encode(), environment={}), sections=OWN_SECTIONS).lines == []
        assert Store.objects.values_list("zone__is_active").get(code="mg") == (False,)


def test_the_dump_costs_the_same_for_every_size(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one_of_each = small() | {"staff": [{"username": "tiny-staff", "role": "auditor"}]}
    for organization in (load(one_of_each).organization, load(whole()).organization):
        with django_assert_num_queries(10):
            organization_document(organization, sections=OWN_SECTIONS)
