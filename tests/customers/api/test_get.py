"""customer/get (docs/protocol.md 4.5)."""

from zoneinfo import ZoneInfo

import pytest
import time_machine

from customers.profile.models import Customer
from organizations.fields.models import FieldDefinition
from organizations.source_accounts.models import SourceAccount
from tests.api import Api
from tests.factories.consents import AT
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.identity_requests import set_flags
from tests.factories.locations import TillFactory
from tests.factories.segments import put_into
from tests.factories.statuses import CustomerStatusFactory, label
from tests.reads import READ_STATEMENTS

pytestmark = pytest.mark.django_db

ITEM = [
    "firstname", "lastname", "mobile", "email", "external_id", "lifetime_points", "lifetime_purchases", "loyalty_points",
    "current_slab", "registered_on", "updated_on", "type", "source", "identifiers", "gender", "registered_by",
    "registered_store", "registered_till", "user_groups2", "fraud_details", "trackers", "current_nps_status",
    "custom_fields", "extended_fields", "transactions", "coupons", "notes", "points_summaries", "item_status",
]  # fmt: skip


def test_item_without_flags(api, asha):
    answer = api.get("mobile=9812345678")
    assert list(answer.item) == ITEM
    expected = {
        "firstname": "Asha", "lastname": "", "mobile": "919812345678", "email": "asha@example.com", "external_id": "E 1",
        "lifetime_points": 0, "current_slab": "NONE", "registered_on": "2024-03-05 10:11:12",
        "type": "LOYALTY", "source": "instore",
        "gender": None, "registered_by": "mgroad.till1", "registered_store": {"code": "blr.mgroad", "name": "MG Road"},
        "registered_till": {"code": "mgroad.till1", "name": "MG Road till 1"}, "user_groups2": [], "trackers": "",
        "fraud_details": {"status": "NONE", "marked_by": "", "modified_on": "", "reason": ""},
        "custom_fields": {"field": [{"name": "FavoriteColor", "value": "Red"}, {"name": "age", "value": "30"}]},
        "extended_fields": {"field": [{"name": "city", "value": "Pune"}]}, "transactions": {"transaction": []},
        "coupons": {"coupon": []}, "notes": [], "points_summaries": {"points_summary": []},
        "identifiers": [{"type": "email", "value": "asha@example.com"}, {"type": "external_id", "value": "E 1"},
                        {"type": "mobile", "value": "919812345678"}],
    }  # fmt: skip
    assert {key: answer.item[key] for key in expected} == expected
    assert (answer.message, answer.status["total"], answer.status["success_count"]) == (
        "Customer successfully retrieved",
        "1",
        "1",
    )


def test_gender_is_the_configured_fields_value(api):
    api.add(mobile="9812345678", gender="F")
    assert api.get("mobile=9812345678").item["gender"] == "Female"


@pytest.mark.parametrize(
    "query",
    [
        "mobile=%2B91+98123-45678",
        "mobile=+919812345678",
        "email=ASHA@example.com",
        "external_id=%20E%201%20",
        "mobile=&email=asha@example.com",
    ],
)
def test_identifiers_are_taken_as_clients_write_them(api, asha, query):
    assert api.get(query + "&user_id=TRUE").item["user_id"] == str(asha["user_id"])


def test_user_id_is_a_flag_or_an_id(api, asha):
    assert "user_id" not in api.get("mobile=9812345678&user_id=0").item
    assert api.get("mobile=9812345678&user_id=1").item["user_id"] == str(asha["user_id"])
    assert api.get(f"user_id={asha['user_id']}").item["user_id"] == str(asha["user_id"])


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("mobile", "9812345670", "1012"),
        ("email", "nobody@example.com", "1012"),
        ("external_id", "nobody", "1012"),
        ("id", "999999999", "1011"),
        ("id", "0", "1011"),
        ("id", "9" * 30, "1011"),
        ("card_number", "nobody", "1011"),
        ("card_external_id", "nobody", "1011"),
        ("mobile", "12ab", "1042"),
        ("email", "no-email", "1042"),
        ("mobile", "", "1015"),
    ],
)
def test_who_is_not_found_is_echoed_with_empty_names(api, key, value, code):
    answer = api.get(f"{key}={value}")
    assert answer.status["code"] == 500
    assert answer.code == code
    assert {name: text for name, text in answer.item.items() if name != "item_status"} == {
        key: value,
        "firstname": "",
        "lastname": "",
    }


def test_id_that_is_no_number_is_400_for_the_item(api):
    answer = api.get("id=abc,1")
    assert answer.codes == ["400", "1011"]
    assert list(answer.items[0]) == ["item_status"]


def test_read_without_identifier_or_with_too_many_is_refused(api, organization):
    assert (api.get("format=json").http.status_code, api.get("user_id=true").status["code"]) == (400, 400)
    organization.flags = {"BATCH_LIMIT": 2}
    organization.save()
    assert api.get("mobile=1,2,3").status["code"] == 1060


def test_comma_list_is_answered_in_order_duplicates_twice(api, asha):
    answer = api.get("mobile=9812345678,9812345670,,919812345678")
    assert answer.codes == ["1000", "1012", "1015", "1000"]
    assert (answer.status["code"], answer.status["total"], answer.status["success_count"]) == (201, "4", "2")


def test_member_care_access_stays_in_the_callers_store(api, asha, organization):
    other = Api(TillFactory(store__organization=organization, store__code="del.cp", code="cp.till1"))
    assert api.get("mobile=9812345678&member_care_access=true&registered_store=false").code == "1000"
    assert other.get("mobile=9812345678").code == "1000"
    assert other.get("mobile=9812345678&member_care_access=true").code == "1044"


def test_nul_in_the_query_is_400(api):
    answer = api.get("mobile=98%00")
    assert (answer.http.status_code, answer.status["code"]) == (400, 400)


@time_machine.travel(AT, tick=False)  # the first call of a minute costs a query more
@pytest.mark.parametrize("count", [1, 3, 100])
def test_get_takes_two_statements_for_one_or_a_hundred(api, count, django_assert_num_queries):
    mobiles = [str(9812345600 + n) for n in range(count)]
    api.add(*({"mobile": mobile} for mobile in mobiles))
    asked = "mobile=" + ",".join(mobiles)
    api.get(asked)
    with django_assert_num_queries(READ_STATEMENTS):
        answer = api.get(asked)
    assert answer.codes == ["1000"] * count


EVERYTHING = "&".join(
    f"{flag}=true"
    for flag in (
        "user_id", "next_slab", "ndnc_status", "optin_status", "expiry_schedule", "expired_points", "points_summary",
        "promotion_points", "mlp", "program_summary", "user_group", "customer_image", "subscriptions", "segments",
        "member_care_access", "card_details", "tracker_info", "delayed_accrual", "slab_history", "tier_upgrade_criteria",
        "membership_retention_criteria", "coupon_active",
    )
) + "&source=WECHAT&gap_to_upgrade_for=30&gap_to_renew_for=30&coupon_status=active&coupon_order_by=valid_till"  # fmt: skip


@time_machine.travel(AT, tick=False)  # the first call of a minute costs a query more
@pytest.mark.parametrize("count", [1, 100])
def test_get_with_every_flag_takes_two_statements(api, organization, band, count, django_assert_num_queries):
    mobiles = [str(9812345600 + n) for n in range(count)]
    ids = [person["user_id"] for person in api.add(*({"mobile": mobile} for mobile in mobiles)).items]
    put_into(band[0], *ids)
    join_group(UserGroupFactory(organization=organization, external_id="G1"), *ids)
    CustomerStatusFactory(organization=organization)
    asked = f"{EVERYTHING}&mobile={','.join(mobiles)}"
    api.get(asked)
    with django_assert_num_queries(READ_STATEMENTS):
        answer = api.get(asked)
    assert answer.codes == ["1000"] * count


# --- status, picture, sources, language


@pytest.mark.parametrize(
    ("status", "fraud"),
    [
        ("ACTIVE", "NONE"),
        ("SUSPENDED", "NONE"),
        ("FRAUD_SUSPECTED", "MARKED"),
        ("FRAUD_CONFIRMED", "CONFIRMED"),
        ("INTERNAL", "INTERNAL"),
        ("PENDING_DELETION", "NONE"),
    ],
)
def test_fraud_details_have_the_label_if_statuses_are_on(api, asha, organization, status, fraud):
    api.update(mobile="9812345678", fraud_status={"status": "RECONFIRMED", "reason": "before"})
    given = {"status_reason": "Odd returns", "status_changed_by": "staff:maya", "status_changed_on": AT}
    held = CustomerStatusFactory(organization=organization, status=status)
    assert api.get("mobile=9812345678").item["fraud_details"]["status"] == "RECONFIRMED"
    label(Customer.objects.get(), held, **given)
    assert api.get("mobile=9812345678").item["fraud_details"] == {
        "status": fraud, "marked_by": "staff:maya", "modified_on": wall(AT), "reason": "Odd returns",
    }  # fmt: skip
    organization.flags = {}
    organization.save()
    details = api.get("mobile=9812345678").item["fraud_details"]
    assert (details["status"], details["reason"]) == ("RECONFIRMED", "before")


def wall(moment):
    return moment.astimezone(ZoneInfo("Asia/Kolkata")).strftime("%Y-%m-%d %H:%M:%S")


def test_deleted_accounts_are_8109_with_their_id(api, asha, organization):
    api.add(mobile="9812345679")
    label(Customer.objects.get(pk=asha["user_id"]), CustomerStatusFactory(organization=organization, status="DELETED"))
    answer = api.get("mobile=9812345678,9812345679&program_id=0")
    assert answer.codes == ["8109", "1000"]
    assert answer.items[0] == {
        "id": str(asha["user_id"]),
        "item_status": {
            "success": "false", "code": "8109", "message": "Customer is deleted after PII delete request",
            "warnings": {"warning": []},
        },
    }  # fmt: skip
    organization.flags = {}
    organization.save()
    assert api.get("mobile=9812345678").code == "1000"


def test_picture_when_asked_for(api, asha):
    assert "customer_image" not in api.get("mobile=9812345678").item
    assert api.get("mobile=9812345678&customer_image=true").item["customer_image"] == ""
    Customer.objects.update(image_url="https://example.com/asha.jpg")
    assert api.get("mobile=9812345678&customer_image=1").item["customer_image"] == "https://example.com/asha.jpg"


def test_a_till_with_a_blank_store_is_warned_of_per_customer(api, asha, store):
    store.is_active = False
    store.save()
    api.add(mobile="9812345679")
    answer = api.get("mobile=9812345678,9812345679")
    assert [item["item_status"]["warnings"]["warning"] for item in answer.items] == [[], ["1004"]]
    assert answer.items[1]["registered_store"] == {"code": "", "name": ""}
    assert answer.items[1]["registered_till"]["code"] == "mgroad.till1"
    assert answer.items[1]["item_status"]["message"] == "Customer successfully retrieved, Failed to populate store"
    assert api.get("mobile=9812345679&registered_store=false").warnings == []


def test_missing_source_accounts_are_warned_of(api, asha, organization):
    organization.flags = {"CONF_CLIENT_V2_API_ENABLED": 1}
    organization.save()
    SourceAccount.objects.create(organization=organization, source="WECHAT", account="wx-main")
    api.add(mobile="9812345679", source="WECHAT", accountId="wx-main")
    both = "mobile=9812345678,9812345679"
    answer = api.get(f"{both}&source=wechat")
    assert [item["item_status"]["warnings"]["warning"] for item in answer.items] == [["91016"], []]
    assert answer.items[1]["identifiers"] == [
        {"type": "mobile", "value": "919812345679"},
        {"type": "wechat", "value": "wx-main"},
    ]
    assert answer.items[0]["item_status"]["message"].endswith("WeChat profile is not available for the customer")
    answer = api.get(f"{both}&source=WEB_ENGAGE")
    assert [item["item_status"]["warnings"]["warning"] for item in answer.items] == [["91017"], ["91017"]]
    for quiet in ("", "&source=INSTORE", "&source=nowhere"):
        assert [item["item_status"]["warnings"]["warning"] for item in api.get(both + quiet).items] == [[], []]


@pytest.mark.parametrize(
    ("language", "name"),
    [("", "city"), ("hi", "शहर"), ("HI-in", "शहर"), ("pt_BR", "cidade"), ("pt", "city"), ("fr", "city"), ("?", "city")],
)
def test_extended_fields_go_by_their_labels_in_the_language_of_the_call(api, asha, language, name):
    FieldDefinition.objects.filter(name="city").update(labels={"hi": "शहर", "pt-br": "cidade"})
    FieldDefinition.objects.filter(name="FavoriteColor").update(labels={"hi": "रंग"})
    answer = api.call("GET", "get", "mobile=9812345678", **({"language": language} if language else {}))
    assert answer.item["extended_fields"] == {"field": [{"name": name, "value": "Pune"}]}
    assert answer.item["custom_fields"]["field"][0]["name"] == "FavoriteColor"


def test_an_email_is_found_whatever_the_policy_was_when_it_was_given(api, organization):
    def found_when(unique):
        set_flags(organization, CONF_USERS_IS_EMAIL_UNIQUE=unique)
        return api.get("email=family@example.com&user_id=true").item.get("user_id")

    set_flags(organization, CONF_USERS_IS_EMAIL_UNIQUE=0)
    shared = str(api.add(mobile="9812300001", email="family@example.com").item["user_id"])
    assert (found_when(unique=1), found_when(unique=0)) == (shared, shared)
    set_flags(organization, CONF_USERS_IS_EMAIL_UNIQUE=1)
    own = str(api.add(mobile="9812300002", email="family@example.com").item["user_id"])
    assert (found_when(unique=1), found_when(unique=0)) == (own, None)


@pytest.mark.parametrize(
    ("days", "code"), [("0", "1000"), ("30", "1000"), ("-1", "400"), ("soon", "400"), ("1.5", "400"), ("", "1000")]
)
@pytest.mark.parametrize("gap", ["gap_to_upgrade_for", "gap_to_renew_for"])
def test_days_ahead_of_a_gap_are_a_whole_number(api, asha, gap, days, code):
    assert api.get(f"mobile=9812345678&mlp=true&{gap}={days}").code == code
