"""customer/get (docs/protocol.md 4.5)."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from structlog.testing import capture_logs

from customers.profile.models import Customer
from engagement.programs.models import Program
from organizations.fields.models import FieldDefinition
from organizations.source_accounts.models import SourceAccount
from organizations.tenancy.scoping import organization_scope
from tests.api import Api, fields
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.consents import AT, without_table
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.identity_requests import set_flags
from tests.factories.locations import TillFactory
from tests.factories.segments import SegmentFactory, put_into
from tests.factories.statuses import CustomerStatusFactory, label

pytestmark = pytest.mark.django_db

ITEM = [
    "firstname", "lastname", "mobile", "email", "external_id", "lifetime_points", "lifetime_purchases", "loyalty_points",
    "current_slab", "registered_on", "updated_on", "type", "source", "identifiers", "gender", "registered_by",
    "registered_store", "registered_till", "user_groups2", "fraud_details", "trackers", "current_nps_status",
    "custom_fields", "extended_fields", "transactions", "coupons", "notes", "points_summaries", "item_status",
]  # fmt: skip


@pytest.fixture
def asha(api):
    return api.add(
        mobile="9812345678", email="asha@example.com", external_id="E 1", firstname="Asha", registered_on="2024-03-05 10:11:12",
        custom_fields=fields(age="30", gender="F", FavoriteColor="Red"), extended_fields=fields(city="Pune"),
    ).item  # fmt: skip


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


def test_blocks_that_are_on_by_default_can_be_left_out(api, asha):
    item = api.get("mobile=9812345678&registered_store=false&registered_till=0&fraud_details=false").item
    assert not {"registered_store", "registered_till", "fraud_details"} & set(item)


@pytest.mark.parametrize("flag", ["ndnc_status=true", "ndsc_status=1"])
def test_ndnc_status_when_asked_for(api, asha, flag):
    assert api.get(f"mobile=9812345678&{flag}").item["ndnc_status"] == "NONE"
    api.update(mobile="9812345678", ndnc_status="DND")
    assert api.get(f"mobile=9812345678&{flag}").item["ndnc_status"] == "DND"


def test_consents_when_asked_for(api, asha):
    assert not {"subscriptions", "optin_status"} & set(api.get("mobile=9812345678").item)
    both = "mobile=9812345678&subscriptions=1&optin_status=true"
    assert consents_of(api.get(both)) == ([], "NONE")
    pairs = [
        {"channel": "EMAIL", "priority": "BULK", "is_subscribed": "1"},
        {"channel": "SMS", "priority": "TRANS", "is_subscribed": "0"},
    ]
    api.update(mobile="9812345678", subscriptions=pairs)
    answer = api.get(both)
    assert consents_of(answer) == (
        [
            {"channel": "SMS", "priority": "TRANS", "scope": "ALL", "status": "0"},
            {"channel": "EMAIL", "priority": "BULK", "scope": "ALL", "status": "1"},
        ],
        "PARTIAL",
    )
    keys = list(answer.item)
    assert keys[keys.index("trackers") : keys.index("custom_fields")] == [
        "trackers", "optin_status", "subscriptions", "current_nps_status",
    ]  # fmt: skip
    assert "subscriptions" not in api.get("mobile=9812345678&optin_status=true").item


def consents_of(answer):
    return answer.item["subscriptions"]["subscription"], answer.item["optin_status"]


def test_consents_that_cannot_be_read_are_warned_of(api, asha):
    with without_table("subscriptions_consent"):
        answer = api.get("mobile=9812345678&subscriptions=true&optin_status=true")
    assert (answer.code, answer.warnings, consents_of(answer)) == ("1000", ["91002"], ([], "NONE"))
    assert answer.message == "Customer successfully retrieved, Failed to get subscription details"


@time_machine.travel(AT, tick=False)  # the first call of a minute costs a query more
@pytest.mark.parametrize("count", [1, 3])
def test_consents_take_one_query_in_a_savepoint(api, count, django_assert_num_queries):
    """Besides the usual ones: what was said, and the savepoint around it, as the test itself is a transaction."""
    mobiles = [str(9812345600 + n) for n in range(count)]
    api.add(*({"mobile": mobile} for mobile in mobiles))
    with django_assert_num_queries(19 + 1 + 2):
        assert api.get("subscriptions=true&optin_status=true&mobile=" + ",".join(mobiles)).codes == ["1000"] * count


def test_cards_when_asked_for_and_as_a_way_in(api, organization):
    series = CardSeriesFactory(organization=organization)
    CardFactory(series=series, number="G-1", external_id="X-1", expires_on=date(2099, 12, 31))
    assert api.get("card_number=G-1").code == "1011"
    api.add(mobile="9812345678", card_number="G-1")
    (card,) = api.get("card_external_id=X-1&card_details=true").item["card_details"]
    issued = card.pop("issued_date")
    assert len(issued) == len("2024-03-05 10:11:12")
    assert card == {
        "card_number": "G-1", "card_external_id": "X-1", "series_id": str(series.pk), "series_code": "GOLD",
        "series_name": "GOLD card", "type": "PHYSICAL", "status": "ISSUED", "label": "", "expiry_date": "2099-12-31",
    }  # fmt: skip
    assert "card_details" not in api.get("card_number=G-1").item
    xml = api.get("card_number=G-1&card_details=true&format=xml").xml
    assert [element.findtext("card_number") for element in xml.iterfind(".//card_details/card")] == ["G-1"]


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
def test_get_takes_the_same_queries_for_one_or_a_hundred(api, count, django_assert_num_queries):
    """Credential, lookup, people with their places, fields, identifiers; programs with versions and tiers, accounts, lots,
    memberships; purchases; bills. The last three parts have a savepoint each, as the test itself is a transaction.
    """
    mobiles = [str(9812345600 + n) for n in range(count)]
    api.add(*({"mobile": mobile} for mobile in mobiles))
    with django_assert_num_queries(5 + 6 + 1 + 1 + 6):
        answer = api.get("mobile=" + ",".join(mobiles))
    assert answer.codes == ["1000"] * count


EVERYTHING = "&".join(
    f"{flag}=true"
    for flag in (
        "user_id", "next_slab", "ndnc_status", "optin_status", "expiry_schedule", "expired_points", "points_summary",
        "promotion_points", "mlp", "program_summary", "user_group", "customer_image", "subscriptions", "segments",
        "member_care_access", "card_details", "tracker_info", "delayed_accrual",
    )
) + "&source=WECHAT"  # fmt: skip


@time_machine.travel(AT, tick=False)  # the first call of a minute costs a query more
@pytest.mark.parametrize("count", [1, 100])
def test_get_with_every_flag_takes_the_same_queries_for_any_number(api, organization, band, count, django_assert_num_queries):
    """Besides the usual ones: whose customers they are; groups; segments; cards; the dates of joining, expired points and
    promotional lots of the points blocks, and a savepoint for trackers; points of groups; consents. Segments, points of groups
    and consents have a savepoint each. Once more where accounts may be deleted.
    """
    mobiles = [str(9812345600 + n) for n in range(count)]
    ids = [person["user_id"] for person in api.add(*({"mobile": mobile} for mobile in mobiles)).items]
    put_into(band[0], *ids)
    join_group(UserGroupFactory(organization=organization, external_id="G1"), *ids)
    asked = f"{EVERYTHING}&mobile={','.join(mobiles)}"
    with django_assert_num_queries(19 + 1 + 1 + 3 + 1 + 5 + 3 + 3):
        answer = api.get(asked)
    assert answer.codes == ["1000"] * count
    CustomerStatusFactory(organization=organization)
    with django_assert_num_queries(36 + 1):
        assert api.get(asked).codes == ["1000"] * count


@pytest.fixture
def band(organization):
    return list(SegmentFactory(organization=organization, name="band", partitions=["low", "mid", "high"]).partitions.all())


def test_segments_when_asked_for(api, asha, organization, band):
    put_into(
        SegmentFactory(organization=organization, name="age", partitions=["young", "old"]).partitions.all()[1], asha["user_id"]
    )
    put_into(band[1], asha["user_id"])
    item = api.get("mobile=9812345678&segments=true").item
    assert item["segments"] == {"segment": [{"name": "age", "value": "old"}, {"name": "band", "value": "mid"}]}
    assert list(item)[list(item).index("segments") + 1] == "current_nps_status"
    assert "segments" not in api.get("mobile=9812345678").item
    assert api.get("mobile=9812345678&segments=true&format=xml").xml.findtext(".//segments/segment/value") == "old"


def test_inactive_segments_and_partitions_are_not_printed(api, asha, organization, band):
    (old,) = SegmentFactory(organization=organization, name="old", partitions=["x"], is_active=False).partitions.all()
    put_into(band[0], asha["user_id"])
    put_into(old, asha["user_id"])
    assert api.get("mobile=9812345678&segments=1").item["segments"] == {"segment": [{"name": "band", "value": "low"}]}
    band[0].is_active = False
    band[0].save()
    assert api.get("mobile=9812345678&segments=1").item["segments"] == {"segment": []}


def test_segments_that_cannot_be_read_cost_a_warning_alone(api, asha, band):
    api.add(mobile="9812345679")
    put_into(band[1], asha["user_id"])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customersegment RENAME TO elsewhere")
    with capture_logs() as logs:
        answer = api.get("mobile=9812345678,9812345679,9812345670&segments=true&user_group=true&card_details=true")
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["best_effort_failed"]
    assert answer.codes == ["1000", "1000", "1012"]
    known, _, unknown = answer.items
    assert known["item_status"]["warnings"] == {"warning": ["91004"]}
    assert known["item_status"]["message"] == ("Customer successfully retrieved, Failed to get segmentation details")
    assert (known["segments"], known["firstname"], known["card_details"]) == ({"segment": []}, "Asha", [])
    assert unknown["item_status"]["warnings"] == {"warning": []}
    assert api.get("mobile=9812345678").warnings == []


def test_user_groups_when_asked_for(api, asha, organization):
    boris = api.add(mobile="9812345679").item
    family, crew = (
        UserGroupFactory(organization=organization, external_id="G1", name="Family"),
        UserGroupFactory(organization=organization, external_id="G2", name="Crew"),
    )
    gone = UserGroupFactory(organization=organization, external_id="G0", is_active=False)
    join_group(crew, asha["user_id"])
    join_group(family, asha["user_id"])
    join_group(gone, asha["user_id"])
    join_group(family, boris["user_id"], role="PRIMARY")
    item = api.get("mobile=9812345678&user_group=true").item
    assert item["user_groups2"] == [
        {
            "id": str(family.pk), "external_id": "G1", "name": "Family", "role": "MEMBER",
            "primary_user_id": str(boris["user_id"]),
        },
        {"id": str(crew.pk), "external_id": "G2", "name": "Crew", "role": "MEMBER", "primary_user_id": ""},
    ]  # fmt: skip
    program = str(Program.objects.get().pk)
    assert item["group_points_summaries"] == {
        "group_points_summary": [
            {
                "group_program_id": program, "group_id": str(group.pk), "program_id": program,
                "lifetime_points": "0", "loyalty_points": "0",
            }
            for group in (family, crew)
        ]
    }  # fmt: skip
    assert api.get("mobile=9812345678&mlp=true").item["group_points_summaries"] == item["group_points_summaries"]
    assert api.get("mobile=9812345678&user_group=true&basic=1").item["user_groups2"] == item["user_groups2"]
    assert "group_points_summaries" not in api.get("mobile=9812345678&user_group=true&basic=1").item
    assert [group["role"] for group in api.get("mobile=9812345679&user_group=1").item["user_groups2"]] == ["PRIMARY"]
    plain = api.get("mobile=9812345678").item
    assert (plain["user_groups2"], "group_points_summaries" in plain) == ([], False)
    xml = api.get("mobile=9812345678&user_group=true&format=xml").xml
    assert [group.findtext("external_id") for group in xml.iterfind(".//user_groups2/user_group2")] == ["G1", "G2"]
    assert xml.find(".//group_points_summaries/group_points_summary") is not None


def test_group_points_are_empty_without_a_group(api, asha):
    for query in ("mlp=true", "mlp=1&user_group=true", "user_group=true"):
        item = api.get(f"mobile=9812345678&{query}").item
        assert item["group_points_summaries"] == {"group_points_summary": []}


@pytest.mark.parametrize("count", [1, 3])
def test_segments_and_groups_take_a_query_each(api, organization, band, count, django_assert_num_queries):
    """Besides the usual ones: groups; segments, and points of groups, each with the savepoint around it."""
    mobiles = [str(9812345600 + n) for n in range(count)]
    people = api.add(*({"mobile": mobile} for mobile in mobiles)).items
    ids = [person["user_id"] for person in people]
    put_into(band[0], *ids)
    join_group(UserGroupFactory(organization=organization, external_id="G1"), *ids)
    join_group(UserGroupFactory(organization=organization, external_id="G2"), *ids)
    with django_assert_num_queries(19 + 1 + 3 + 3):
        answer = api.get("mobile=" + ",".join(mobiles) + "&segments=true&user_group=true")
    assert [len(item["user_groups2"]) for item in answer.items] == [2] * count


def test_strangers_share_no_segment_or_group(api, stranger_api, asha, organization, band):
    stranger = stranger_api.add(mobile="9812345678").item
    bazaar = stranger_api.till.organization
    with organization_scope(bazaar):
        put_into(SegmentFactory(organization=bazaar, name="band", partitions=["top"]).partitions.all()[0], stranger["user_id"])
    put_into(band[0], asha["user_id"])
    assert api.get("mobile=9812345678&segments=true").item["segments"]["segment"][0]["value"] == "low"
    assert stranger_api.get("mobile=9812345678&segments=true").item["segments"]["segment"][0]["value"] == "top"


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
    assert (found_when(unique=1), found_when(unique=0)) == (own, shared)


@pytest.mark.parametrize(
    ("days", "code"), [("0", "1000"), ("30", "1000"), ("-1", "400"), ("soon", "400"), ("1.5", "400"), ("", "1000")]
)
@pytest.mark.parametrize("gap", ["gap_to_upgrade_for", "gap_to_renew_for"])
def test_days_ahead_of_a_gap_are_a_whole_number(api, asha, gap, days, code):
    assert api.get(f"mobile=9812345678&mlp=true&{gap}={days}").code == code
