"""customer/add (docs/protocol.md 4.1)."""

import pytest
from django.db import connection

from customers.profile.models import Customer
from organizations.source_accounts.models import SourceAccount
from organizations.tenancy.models import Organization
from subscriptions.models import Consent
from tests.api import fields
from tests.factories.consents import without_table
from tests.factories.fields import FieldFactory
from tests.factories.locations import TillFactory

pytestmark = pytest.mark.django_db

CORE = [
    "user_id", "firstname", "lastname", "mobile", "email", "external_id", "lifetime_points", "loyalty_points", "current_slab",
    "tier_expiry_date", "points_summaries", "lifetime_purchases", "registered_on", "updated_on", "type", "source",
    "fraud_status", "reason", "custom_fields", "extended_fields", "subscriptions", "side_effects", "item_status",
]  # fmt: skip


def configure(organization: Organization, **flags: object) -> None:
    organization.flags = flags
    organization.save()


def test_new_customer_answers_every_core_key_in_order(api):
    answer = api.add(mobile="9812345678", firstname="Mina", lastname="O'Neil-Rao")
    assert answer.status == {"success": "true", "code": 200, "message": "Success", "total": "1", "success_count": "1"}
    assert list(answer.item) == CORE
    assert answer.item["user_id"] == Customer.objects.get().pk
    assert answer.item["item_status"] == {
        "success": "true", "code": "1000", "message": "Customer registration successful", "warnings": {"warning": []},
    }  # fmt: skip


def test_existing_customer_is_updated_and_keeps_the_registration_date(api):
    first = api.add(mobile="9812345678", firstname="Ann", registered_on="2020-01-01 10:00:00").item
    again = api.add(mobile="9812345678", lastname="Lee", registered_on="2024-01-01 10:00:00")
    assert (again.message, again.item["user_id"]) == ("Customer successfully updated", first["user_id"])
    assert (again.item["firstname"], again.item["lastname"], again.item["registered_on"]) == (
        "Ann",
        "Lee",
        "2020-01-01 10:00:00",
    )


def test_existing_customer_is_refused_where_adds_are_strict(api, organization):
    configure(organization, REJECT_EXISTING_ON_ADD=1)
    api.add(mobile="9812345678")
    assert api.add(mobile="9812345678", firstname="Ann").code == "1014"
    assert Customer.objects.get().firstname == ""


def test_fields_are_printed_canonically_in_defined_order(api):
    item = api.add(
        mobile="9812345678", custom_fields=fields(age="034", FavoriteColor="green"), extended_fields=fields(city="Pune")
    ).item
    assert item["custom_fields"] == {"field": [{"name": "FavoriteColor", "value": "Green"}, {"name": "age", "value": "34"}]}
    assert item["extended_fields"] == {"field": [{"name": "city", "value": "Pune"}]}


def test_warnings_are_ordered_by_number_with_their_texts(api):
    answer = api.add(
        mobile="9812345678", registered_till="no.such", firstname="A*n", extended_fields=fields(planet="Mars"),
        custom_fields=fields(NoSuch="x", age="old"), referral_code="NOBODY",
        subscriptions={"subscription": [{"channel": "PIGEON", "priority": "BULK", "scope": "all", "is_subscribed": "1"}]},
    )  # fmt: skip
    assert answer.warnings == ["1009", "1017", "1018", "91003", "91015", "91020", "91022"]
    assert answer.message == (
        "Customer registration successful, Unable to add registered customer to MLM, Provided custom field is invalid, "
        "Unable to update custom field, Validation failed, "
        "Failed to update extended fields or field length is too long: planet, Invalid TILL passed for registration, "
        "Failed to update subscription for PIGEON channel and priority BULK"
    )


def test_consents_of_an_item_are_kept_and_returned(api):
    pairs = [
        {"channel": "sms", "priority": "bulk", "scope": "all", "is_subscribed": 0},
        {"channel": "EMAIL", "priority": "TRANS"},
    ]
    answer = api.add(mobile="9812345678", subscriptions={"subscription": pairs})
    assert answer.item["subscriptions"] == {
        "subscription": [{"channel": "SMS", "priority": "BULK", "scope": "ALL", "status": "0"}]
    }
    assert answer.message == (
        "Customer registration successful, Failed to update subscription for EMAIL channel and priority TRANS"
    )
    again = api.add(mobile="9812345678", firstname="Asha")
    assert again.item["subscriptions"] == answer.item["subscriptions"]


def test_a_consent_that_cannot_be_stored_does_not_stop_the_registration(api):
    pair = {"channel": "SMS", "priority": "BULK", "is_subscribed": "1"}
    with without_table("subscriptions_consentchange"):
        answer = api.add(mobile="9812345678", subscriptions=[pair])
    assert (answer.code, answer.warnings, answer.item["subscriptions"]) == ("1000", ["91022"], {"subscription": []})
    assert not Consent.objects.exists()


def test_a_failed_item_echoes_its_identifiers_and_stops_no_other(api):
    answer = api.add({"mobile": "12ab", "email": "a@example.com", "firstname": "X"}, {"mobile": "9812345678"})
    assert (answer.http.status_code, answer.status["code"], answer.codes) == (200, 201, ["1001", "1000"])
    assert {key: value for key, value in answer.items[0].items() if key != "item_status"} == {
        "mobile": "12ab", "email": "a@example.com",
    }  # fmt: skip


def test_echoes_of_a_failed_item_are_cut_at_300_characters(api):
    sent = {"mobile": "x" * 301, "email": "y" * 300, "external_id": "z" * 5000}
    answer = api.add(**sent)
    assert answer.code == "1001"
    assert {key: answer.item[key] for key in sent} == {key: value[:300] for key, value in sent.items()}


def test_a_list_of_more_than_a_hundred_channels_is_400_for_the_item(api):
    channels = [{"type": "LINE", "value": str(number)} for number in range(101)]
    assert api.add({"mobile": "9812345678", "commChannels": channels}, {"mobile": "9812345679"}).codes == ["400", "1000"]
    assert Customer.objects.get().comm_channels == []


def test_later_item_sees_the_earlier_one(api):
    first, second = api.add({"mobile": "9812345678"}, {"mobile": "+91 98123 45678", "firstname": "Asha"}).items
    assert (second["user_id"], second["item_status"]["message"]) == (first["user_id"], "Customer successfully updated")


def test_entry_that_is_no_object_or_holds_nul_is_400_for_the_item(api):
    answer = api.add({"mobile": "9812345678"}, {"mobile": "9812345679", "firstname": "a\x00b"})
    assert answer.codes == ["1000", "400"]
    answer = api.call("POST", "add", "", {"root": {"customer": [{"mobile": "9812345678"}, "text", None]}})
    assert answer.codes == ["1000", "400", "400"]
    assert list(answer.items[1]) == ["item_status"]


def test_mandatory_custom_field_missing_is_an_error_and_stores_nothing(api, organization):
    FieldFactory(organization=organization, name="Language", is_mandatory=True)
    assert api.add(mobile="9812345678").code == "1017"
    assert not Customer.objects.exists()
    assert api.add(mobile="9812345678", custom_fields=fields(Language="Hindi")).code == "1000"


def test_registered_till_takes_the_credit(api, organization):
    other = TillFactory(store__organization=organization, store__code="del.cp", code="cp.till1")
    api.add(mobile="9812345678", registered_till=other.code, associated_with=other.code)
    customer = Customer.objects.get()
    assert (customer.registered_till, customer.registered_store, customer.associated_till) == (other, other.store, other)


def test_till_of_a_closed_store_registers_without_store(api, store):
    store.is_active = False
    store.save()
    answer = api.add(mobile="9812345678")
    assert (answer.warnings, Customer.objects.get().registered_store) == (["1004"], None)


def test_unknown_till_is_an_error_where_tills_are_strict(api, organization):
    configure(organization, STRICT_TILL=1)
    assert api.add(mobile="9812345678", registered_till="no.such").code == "91020"
    assert api.add(mobile="9812345678", associated_with="no.such").code == "91021"
    assert not Customer.objects.exists()


def test_test_group_follows_the_ratio_of_the_organization(api, organization):
    configure(organization, TEST_CONTROL_RATIO=100)
    api.add({"mobile": "9812345678"}, {"mobile": "9812345679", "test_control_status": "TEST"})
    assert list(Customer.objects.order_by("pk").values_list("test_control_status", flat=True)) == ["CONTROL", "TEST"]


def test_fraud_status_names_who_marked_it(api):
    api.add(mobile="9812345678", fraud_status={"status": "MARKED", "reason": "odd bills"})
    customer = Customer.objects.get()
    assert (customer.fraud_status, customer.fraud_reason, customer.fraud_marked_by) == (
        "MARKED",
        "odd bills",
        "till:mgroad.till1",
    )


def test_profile_at_another_source(api, organization):
    configure(organization, CONF_CLIENT_V2_API_ENABLED=1)
    SourceAccount.objects.create(organization=organization, source="WECHAT", account="wx-main")
    assert api.add(mobile="9812345678", source="WECHAT").warnings == ["91016"]
    assert api.add(mobile="9812345678", source="WECHAT", accountId="wx-main").warnings == []
    assert api.add(mobile="9812345678", source="WECHAT").warnings == []
    assert api.add(mobile="9812345679", source="WEB_ENGAGE").warnings == ["91017"]
    assert Customer.objects.order_by("pk").first().source == "WECHAT"


def test_repeating_email_is_stored_and_never_matched(api, organization):
    configure(organization, CONF_USERS_IS_EMAIL_UNIQUE=0)
    first, second, third = api.add(
        {"mobile": "9812345678", "email": "home@example.com"},
        {"mobile": "9812345679", "email": "home@example.com"},
        {"email": "home@example.com"},
    ).items
    assert len({first["user_id"], second["user_id"], third["user_id"]}) == 3
    assert api.get("email=home@example.com").code == "1012"
    assert api.update(email="home@example.com", firstname="Who").code == "1012"


def test_all_failed_mirrors_http_where_the_organization_wants_it(api, organization):
    assert api.add(mobile="12ab").http.status_code == 200
    configure(organization, V1_MIRROR_HTTP_STATUS=1)
    assert api.add(mobile="12ab").http.status_code == 500


def test_batch_limit_is_the_organizations(api, organization):
    configure(organization, BATCH_LIMIT=2)
    answer = api.add(*({"mobile": str(9812345670 + n)} for n in range(3)))
    assert (answer.http.status_code, answer.status["code"]) == (400, 1060)
    assert not Customer.objects.exists()


def test_customers_of_another_organization_are_not_counted(api, stranger_api):
    ours = api.add(mobile="9812345678").item
    theirs = stranger_api.add(mobile="9812345678").item
    assert theirs["item_status"]["message"] == "Customer registration successful"
    assert theirs["user_id"] != ours["user_id"]
    assert stranger_api.get(f"id={ours['user_id']}").code == "1011"
    assert stranger_api.update(id=str(ours["user_id"]), firstname="Mine").code == "1011"
    assert stranger_api.add(mobile="9812345679", registered_till=api.till.code).warnings == ["91020"]


def test_header_gives_the_country_of_national_numbers(api):
    answer = api.call("POST", "add", "", {"customer": {"mobile": "7400123456"}}, X_CAP_CLIENT_COUNTRYCODE="44")
    assert answer.item["mobile"] == "447400123456"


def test_register_is_add_and_xml_is_understood(api):
    body = "<root><customer><mobile>9812345678</mobile><firstname>Mina</firstname><email/></customer></root>"
    answer = api.call("POST", "register.xml", "", body, **{"Content-Type": "application/xml"})
    assert answer.xml.findtext("customers/customer/firstname") == "Mina"
    assert answer.xml.findtext("customers/customer/item_status/code") == "1000"


@pytest.mark.parametrize(("count", "queries"), [(1, 11), (3, 11)])
def test_add_takes_a_fixed_number_of_queries_an_item(api, count, queries, django_assert_num_queries):
    """The credential once; then for each item its transaction (2), locks, lookup, ids (2), rows (3) and the answer."""
    api.add(mobile="9812345679")
    with django_assert_num_queries(queries):
        api.add(*({"mobile": str(9812345670 + n)} for n in range(count)))


def test_an_unexpected_failure_is_logged_and_answered_with_10001(api):
    """The database refuses what no rule foresaw: here a column that is gone."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customer DROP COLUMN comm_channels")
    answer = api.add(mobile="9812345678")
    assert (answer.http.status_code, answer.code) == (200, "10001")
    assert api.update(mobile="9812345678").code == "1012"


@pytest.mark.parametrize(
    "more", [{"mobile": {"a": "1"}}, {"firstname": ["Ann"]}, {"registered_till": {"code": "x"}}, {"type": ["LOYALTY"]}]
)
def test_object_or_list_in_the_place_of_text_is_400_for_the_item(api, more):
    answer = api.add({"email": "a@example.com", **more}, {"mobile": "9812345678"})
    assert answer.codes == ["400", "1000"]
    assert answer.items[0].get("email") == "a@example.com"


def test_empty_objects_and_lists_are_not_supplied(api):
    item = {"mobile": "9812345678", "email": {}, "firstname": [], "fraud_status": {}, "custom_fields": [], "card_details": []}
    assert api.add(item).warnings == []
