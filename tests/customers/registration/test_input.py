"""Reading of items (docs/protocol.md 2.2, 2.3, 2.6, 3, 4.1, 5.2), without a database."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from customers.registration.context import InputContext
from customers.registration.input import CustomerInput, read_customer_input
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from tests.midnights import DAY, around_midnight, moment
from tests.timing import cpu_seconds

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INDIA = Organization(
    pk=1, code="northwind", timezone="Asia/Kolkata", base_country="IN", countries=["GB"], gender_field="gender"
)
CP_TILL = Till(pk=7, code="cp.till1", store=Store(pk=3, code="del.cp"))
FIELDS = [
    FieldDefinition(pk=1, category="custom", name="FavoriteColor", type="enum", options=["Green", "Blue"]),
    FieldDefinition(pk=2, category="custom", name="Hobbies", type="multi", options=["Playing", "Singing"]),
    FieldDefinition(pk=3, category="custom", name="age", type="number"),
    FieldDefinition(pk=4, category="custom", name="gender", type="enum", options=["Male", "Female"]),
    FieldDefinition(pk=5, category="extended", name="city", type="text", max_length=20),
    FieldDefinition(pk=6, category="preference", name="Size", type="enum", options=["S", "M"]),
    FieldDefinition(pk=7, category="custom", name="Retired", type="text", is_active=False),
]


def context(organization: Organization = INDIA, **more) -> InputContext:
    defaults = {"policy": Policy(), "now": NOW, "fields": FIELDS, "tills": {"cp.till1": CP_TILL}}
    return InputContext(organization=organization, **{**defaults, **more})


def read(item: dict, *, action: str = "add", **more) -> CustomerInput:
    return read_customer_input({"mobile": "9812345678", **item}, context(**more), action=action)


def refusal(item: dict, *, action: str = "add", **more) -> Code:
    with pytest.raises(LoyaltyError) as caught:
        read_customer_input(item, context(**more), action=action)
    return caught.value.code


def codes(customer_input: CustomerInput) -> list[int]:
    return [int(notice.code) for notice in customer_input.notices]


def test_identifiers_are_canonical():
    customer_input = read({"email": "Asha@Example.com", "external_id": " E-1 "})
    assert customer_input.identifiers == {"mobile": "919812345678", "email": "asha@example.com", "external_id": "E-1"}


@pytest.mark.parametrize("item", [{}, {"mobile": "", "email": " "}, {"mobile": None, "firstname": "Nobody"}, {"mobile": "0"}])
def test_without_identifier_add_is_1007_and_update_1015(item):
    assert refusal(item) == Code.NO_IDENTIFIER
    assert refusal(item, action="update") == Code.IDENTIFIER_MISSING


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"mobile": "12ab", "email": "bad", "external_id": "x" * 251}, Code.INVALID_MOBILE),
        ({"mobile": "9812345678", "email": "bad", "external_id": "x" * 251}, Code.INVALID_EMAIL),
        ({"mobile": "9812345678", "external_id": "x" * 251}, Code.INVALID_EXTERNAL_ID),
        ({"mobile": "12ab", "test_control_status": "MAYBE", "registered_on": "yesterday"}, Code.INVALID_MOBILE),
        (
            {"mobile": "9812345678", "test_control_status": "MAYBE", "registered_on": "yesterday"},
            Code.INVALID_TEST_CONTROL_STATUS,
        ),
        ({"mobile": "9812345678", "registered_on": "yesterday"}, Code.REGISTRATION_DATE_OUT_OF_LIMITS),
    ],
)
def test_the_first_error_in_the_documented_order_wins(item, code):
    assert refusal(item) == code


def test_a_mobile_without_countries_is_8014_before_other_errors():
    nowhere = Organization(pk=2, code="nowhere")
    assert refusal({"mobile": "12ab", "email": "bad"}, organization=nowhere) == Code.COUNTRY_NOT_CONFIGURED
    assert read_customer_input({"email": "a@example.com"}, context(organization=nowhere), action="add").identifiers == {
        "email": "a@example.com"
    }


def test_invalid_secondary_is_dropped_where_the_policy_is_soft():
    soft = Policy(soft_secondary_validation=True)
    customer_input = read({"email": "bad"}, policy=soft)
    assert (customer_input.identifiers, codes(customer_input)) == ({"mobile": "919812345678"}, [91003])
    assert refusal({"mobile": "12ab", "email": "a@example.com"}, policy=soft) == Code.INVALID_MOBILE
    assert refusal({"email": "bad"}, policy=soft) == Code.INVALID_EMAIL


def test_external_id_follows_the_pattern():
    assert refusal({"external_id": "e-1"}, policy=Policy(external_id_pattern="[A-Z]-[0-9]")) == Code.INVALID_EXTERNAL_ID


@pytest.mark.parametrize(
    ("given", "customer_id"), [("17", 17), ("0", None), ("", None), ("9" * 19, -1), ("9" * 40, -1), ("0017", 17)]
)
def test_id_names_a_customer_on_update(given, customer_id):
    assert read({"id": given}, action="update").customer_id == customer_id
    assert read({"user_id": given}, action="update").customer_id == customer_id


def test_id_that_is_no_number_is_400_and_means_nothing_on_add():
    assert refusal({"id": "abc"}, action="update") == Code.INVALID_INPUT
    assert read({"id": "abc"}).customer_id is None


def test_registration_date_is_wall_time_within_the_limits():
    assert read({"registered_on": "2024-03-05 10:11:12"}).customer.registered_on == datetime(2024, 3, 5, 4, 41, 12, tzinfo=UTC)
    assert read({"registered_on": "0"}).customer.registered_on is None
    assert read({"registered_on": "1990-01-01"}).customer.registered_on == datetime(1989, 12, 31, 18, 30, tzinfo=UTC)
    assert refusal({"mobile": "9812345678", "registered_on": "1989-12-31 23:59:59"}) == Code.REGISTRATION_DATE_OUT_OF_LIMITS
    late = (NOW + timedelta(days=1, hours=6)).strftime("%Y-%m-%d %H:%M:%S")
    assert refusal({"mobile": "9812345678", "registered_on": late}) == Code.REGISTRATION_DATE_OUT_OF_LIMITS
    assert read({"registered_on": late}, policy=Policy(max_future_registration_days=2)).customer.registered_on


@around_midnight
def test_limits_of_the_registration_date_are_local_days(zone: ZoneInfo, clock: time):
    organization = Organization(pk=1, code="northwind", timezone=zone.key, base_country="IN")
    call = {
        "organization": organization,
        "now": moment(zone, clock),
        "policy": Policy(min_registration_date=DAY, max_future_registration_days=0),
    }
    yesterday, tomorrow = DAY - timedelta(days=1), DAY + timedelta(days=1)
    written = f"{DAY} {clock}"
    assert read({"registered_on": str(DAY)}, **call).customer.registered_on == moment(zone, time())
    assert read({"registered_on": written}, **call).customer.registered_on == moment(zone, clock)
    for day in (f"{yesterday} 23:59:59", str(tomorrow)):
        assert refusal({"mobile": "9812345678", "registered_on": day}, **call) == Code.REGISTRATION_DATE_OUT_OF_LIMITS


def test_names_lose_what_no_name_has_with_one_warning_each():
    customer_input = read({"firstname": "An@n#", "lastname": "Lee*"})
    assert (customer_input.customer.firstname, customer_input.customer.lastname, codes(customer_input)) == (
        "Ann",
        "Lee",
        [91003, 91003],
    )


def test_blank_means_not_supplied():
    customer_input = read({"firstname": " ", "type": None, "custom_fields": None, "fraud_status": {}, "card_details": ""})
    customer = customer_input.customer
    assert (customer.firstname, customer.type, customer.fraud_status, customer_input.field_values, customer_input.notices) == (
        "",
        "",
        "",
        {},
        [],
    )


def test_unknown_choices_are_ignored_with_91003():
    customer_input = read(
        {"type": "non_loyalty", "ndnc_status": "dnd", "fraud_status": {"status": "marked", "reason": "odd bills"}}
    )
    customer = customer_input.customer
    assert (customer.type, customer.ndnc_status, customer.fraud_status, customer.fraud_reason) == (
        "NON_LOYALTY",
        "DND",
        "MARKED",
        "odd bills",
    )
    assert (
        codes(read({"type": "VIP"})) == codes(read({"ndnc_status": "X"})) == codes(read({"fraud_status": "NORMAL"})) == [91003]
    )


def test_a_reason_that_is_cut_is_warned_of():
    customer_input = read({"fraud_status": {"status": "MARKED", "reason": "x" * 251}})
    assert (customer_input.customer.fraud_reason, codes(customer_input)) == ("x" * 250, [91003])


def test_fraud_status_may_be_bare_text():
    assert read({"fraud_status": "CONFIRMED"}).customer.fraud_status == "CONFIRMED"


def test_unknown_tills_of_an_item_are_warned_of():
    assert read({"registered_till": "cp.till1", "associated_with": "cp.till1"}).customer.registered_till == CP_TILL
    customer_input = read({"registered_till": "no.such", "associated_with": "x" * 51})
    assert (customer_input.customer.registered_till, codes(customer_input)) == (None, [91020, 91021])


@pytest.mark.parametrize(("key", "code"), [("registered_till", 91020), ("associated_with", 91021)])
def test_unknown_till_is_an_error_where_tills_are_strict(key, code):
    assert refusal({"mobile": "9812345678", key: "no.such"}, policy=Policy(strict_till=True)) == code


def test_unresolved_attribution_is_an_error_with_strict_tills():
    notice = Notice(Code.INVALID_ATTRIBUTION_TILL)
    assert codes(read({}, notices=[notice])) == [91021]
    assert refusal({"mobile": "9812345678"}, policy=Policy(strict_till=True), notices=[notice]) == Code.INVALID_ATTRIBUTION_TILL


def test_other_sources_need_their_flag():
    customer_input = read({"source": "wechat", "accountId": "wx-main"})
    assert (customer_input.customer.source, customer_input.source_account, codes(customer_input)) == ("INSTORE", "", [91003])
    open_ = {"policy": Policy(other_sources=True), "source_accounts": frozenset({("WECHAT", "wx-main")})}
    customer_input = read({"source": "wechat", "accountId": "wx-main"}, **open_)
    assert (customer_input.customer.source, customer_input.source_account, codes(customer_input)) == ("WECHAT", "wx-main", [])
    assert codes(read({"source": "wechat", "accountId": "nobody"}, **open_)) == [91003]
    assert codes(read({"source": "MOON"}, **open_)) == [91003]
    assert read({"source": "martjack"}, **open_).customer.source == "ECOMMERCE"


def test_fields_are_read_in_canonical_form():
    customer_input = read({
        "custom_fields": {"field": [{"name": "FavoriteColor", "value": "green"}, {"name": "Hobbies", "value": ["singing"]},
                                    {"name": "AGE", "value": "034"}]},
        "extended_fields": {"field": {"name": "city", "value": "Pune"}},
        "preference_fields": [{"name": "Size", "value": "m"}],
    })  # fmt: skip
    assert (customer_input.field_values, customer_input.notices) == (
        {1: "Green", 2: ["Singing"], 3: "34", 5: "Pune", 6: "M"},
        [],
    )


@pytest.mark.parametrize(
    ("container", "name", "value", "notice"),
    [
        ("custom_fields", "NoSuchField", "x", Notice(Code.INVALID_CUSTOM_FIELD)),
        ("custom_fields", "Retired", "x", Notice(Code.INVALID_CUSTOM_FIELD)),
        ("custom_fields", "FavoriteColor", "Mauve", Notice(Code.INVALID_CUSTOM_FIELD)),
        ("custom_fields", "age", "old", Notice(Code.CUSTOM_FIELD_NOT_SAVED)),
        ("extended_fields", "city", "x" * 21, Notice(Code.EXTENDED_FIELD_NOT_SAVED, x="city")),
        ("extended_fields", "planet", "Mars", Notice(Code.EXTENDED_FIELD_NOT_SAVED, x="planet")),
    ],
)
def test_bad_field_is_skipped_with_its_warning(container, name, value, notice):
    customer_input = read({container: {"field": [{"name": name, "value": value}, {"name": "FavoriteColor", "value": ""}]}})
    assert (customer_input.field_values, customer_input.notices) == ({}, [notice])


def test_gender_goes_to_the_configured_field():
    assert read({"gender": "f"}).field_values == {4: "Female"}
    assert codes(read({"gender": "?"})) == [91003]
    assert read({"gender": "F"}, organization=Organization(pk=1, base_country="IN")).field_values == {}


def test_card_may_be_nested_or_flat():
    assert read({"card_details": {"card_number": "G1", "series_code": "GOLD"}}).card_number == "G1"
    customer_input = read({"card_number": "G1", "series_code": "GOLD"})
    assert (customer_input.card_number, customer_input.series_code) == ("G1", "GOLD")


def test_valid_communication_channels_are_kept():
    customer_input = read({"commChannels": [
        {"type": "whatsapp", "value": "919812345678", "primary": "true", "verified": "0", "meta": {"residence": "1"}},
        {"type": "pigeon", "value": "x"}, {"type": "email", "value": ""},
    ]})  # fmt: skip
    assert customer_input.comm_channels == [
        {"type": "WHATSAPP", "value": "919812345678", "primary": True, "verified": False, "meta": {"residence": True}}
    ]
    assert codes(customer_input) == [91003, 91003]


def test_consents_are_kept_as_sent():
    pairs = [{"channel": "pigeon", "priority": "BULK", "is_subscribed": "0", "campaign_id": "7"}, {"scope": "all"}]
    assert read({"subscriptions": {"subscription": pairs}}).consents == [
        {"channel": "pigeon", "priority": "BULK", "scope": "", "is_subscribed": "0"},
        {"channel": "", "priority": "", "scope": "all", "is_subscribed": ""},
    ]
    assert read({}).consents == []
    assert refusal({"mobile": "9812345678", "subscriptions": [{"channel": ["SMS"]}]}) == Code.INVALID_INPUT


def test_a_referral_code_is_read():
    assert read({"referral_code": " FRIEND1 "}).referral_code == "FRIEND1"
    assert read({"referral_code": "0"}).referral_code == ""


def test_unreadable_update_time_is_ignored_with_91003():
    assert codes(read({"updated_on": "soon"})) == [91003]
    assert read({"updated_on": "2024-01-01"}).customer.updated_on == datetime(2023, 12, 31, 18, 30, tzinfo=UTC)


HOSTILE = "\u0345\u0301" * 20_000


@pytest.mark.parametrize(
    "sent",
    [
        {"gender": HOSTILE},
        {"custom_fields": {"field": [{"name": "Hobbies", "value": HOSTILE}]}},
        {"custom_fields": {"field": [{"name": "Hobbies", "value": [HOSTILE]}]}},
        {"custom_fields": {"field": [{"name": "FavoriteColor", "value": HOSTILE}]}},
        {"custom_fields": {"field": [{"name": HOSTILE, "value": "x"}]}},
        {"custom_fields": {"field": [{"name": "age", "value": HOSTILE}]}},
        {"extended_fields": {"field": [{"name": "city", "value": HOSTILE}]}},
        {"extended_fields": {"field": [{"name": HOSTILE, "value": "x"}]}},
        {"preference_fields": {"field": [{"name": "Size", "value": HOSTILE}]}},
        {"source": HOSTILE, "accountId": HOSTILE},
        {"type": HOSTILE},
        {"fraud_status": HOSTILE},
        {"ndnc_status": HOSTILE},
        {"registered_till": HOSTILE, "associated_with": HOSTILE},
        {"updated_on": HOSTILE},
        {"commChannels": [{"type": HOSTILE, "value": HOSTILE}]},
        {"firstname": HOSTILE},
    ],
)
def test_a_text_that_is_slow_to_normalize_costs_no_time(sent):
    assert cpu_seconds(lambda: read(sent)) < 0.1
    assert set(codes(read(sent))) & {91003, 1017, 1018, 91015, 91020, 91021} or "firstname" in sent


@pytest.mark.parametrize(
    ("container", "entry"),
    [
        ("custom_fields", {"name": "age", "value": "1"}),
        ("extended_fields", {"name": "city", "value": "x"}),
        ("preference_fields", {"name": "Size", "value": "S"}),
        ("commChannels", {"type": "EMAIL", "value": "a@b.c"}),
        ("subscriptions", {"channel": "SMS", "priority": "BULK", "is_subscribed": "1"}),
    ],
)
def test_an_item_with_a_list_that_is_too_long_is_refused(container, entry):
    read({container: [entry] * 100})
    assert refusal({"mobile": "9812345678", container: [entry] * 101}) == Code.INVALID_INPUT


def test_an_exact_field_name_precedes_one_without_case():
    fields = [FieldDefinition(pk=1, category="custom", name="Age"), FieldDefinition(pk=2, category="custom", name="age")]
    given = context(fields=fields)
    assert [given.field_named("custom", name).pk for name in ("Age", "age", "AGE")] == [1, 2, 1]
