"""Every rule of the organization file, each broken once; those of programs are in test_checking_programs.py."""

from datetime import date
from decimal import Decimal

import pytest

from organizations.organization_file.problems import OrganizationFileError
from tests.factories.organization_files import ABSENT, check, problems_of, small, spoil, whole
from tests.organizations.organization_file.spoilt import check_spoilt
from use_cases.organization_file import check_document

COUPON = {"code": "X", "discount_type": "FLAT", "discount_value": 1}
STATUSES = "ACTIVE, SUSPENDED, DELETED, FRAUD_SUSPECTED, FRAUD_CONFIRMED, INTERNAL, PENDING_DELETION"
BLOCKS = "coupon_redeem, coupon_issue, points_issue, points_redeem, identifier_change, tier_upgrade, transactions, promotions"
USERNAME = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."

# See `check_spoilt`.
SPOILT = [
    # organization
    ("organization", ABSENT, "", "is required"),
    ("organization", None, "", "is required"),
    ("organization", [], "", "must be a mapping"),
    ("organization.code", ABSENT, "", "is required"),
    ("organization.code", "North Wind", "", "2 to 40 of a-z, 0-9 and hyphen"),
    ("organization.code", "x", "", "2 to 40 of a-z, 0-9 and hyphen"),
    ("organization.code", "northwind\n", "", "must not contain control characters"),
    ("organization.name", "  ", "", "must not be blank"),
    ("organization.name", "x" * 201, "", "must be at most 200 characters"),
    ("organization.name", 12, "", "must be text; put it in quotes"),
    ("organization.name", True, "", "must be text; put it in quotes"),
    ("organization.name", ["a"], "", "must be text"),
    ("organization.timezone", "Asia/Atlantis", "", "must be a time zone of the IANA database, like Asia/Kolkata"),
    ("organization.timezone", "../etc/passwd", "", "must be a time zone of the IANA database, like Asia/Kolkata"),
    ("organization.currency", "rupees", "", "must be at most 3 characters"),
    ("organization.currency", "inr", "", "must be a currency of ISO 4217 in three capital letters, like INR"),
    ("organization.base_country", "in", "", "must be a country of ISO 3166-1 in two capital letters, like IN"),
    ("organization.base_country", "UK", "", "must be a country of ISO 3166-1 in two capital letters, like IN"),
    ("organization.countries", "GB", "", "must be a list"),
    ("organization.countries[1]", "XX", "", "must be a country of ISO 3166-1 in two capital letters, like IN"),
    ("organization.countries[1]", "GB", "", "'GB' stands here twice"),
    ("organization.language", "english!", "", "must be a language code, like en or pt-BR"),
    ("organization.colour", "blue", "", "unknown key"),
    ("colours", [], "", "unknown key"),
    # settings
    ("settings", ["CONF_ALLOW_EMAIL_UPDATE"], "", "must be a mapping"),
    ("settings.CONF_NO_SUCH_FLAG", 1, "", "unknown setting"),
    ("settings.CONF_NO_SUCH_FLAG", None, "", "unknown setting"),
    ("settings.CONF_ALLOW_EMAIL_UPDATE", 2, "", "must be 0 or 1"),
    ("settings.CONF_ALLOW_EMAIL_UPDATE", [1], "", "must be 0 or 1"),
    ("settings.BATCH_LIMIT", "many", "", "must be a whole number"),
    ("settings.CONF_LOYALTY_MIN_BILL_AMOUNT", Decimal("1e999"), "", "must be below 1000000000000"),
    ("settings.CONF_LOYALTY_MIN_BILL_AMOUNT", Decimal("0.0001"), "", "must have at most 3 decimals"),
    ("settings.EXTERNAL_ID_PATTERN", "[", "", "must be a regular expression of RE2 syntax: missing ]: ["),
    ("settings.EXTERNAL_ID_PATTERN", r"(a)\1", "", r"must be a regular expression of RE2 syntax: invalid escape sequence: \1"),
    ("settings.CONF_LOYALTY_REGISTER_CUSTOMER_GENDER", "Nothing", "", "there is no custom or extended field 'Nothing'"),
    # identity verification
    ("identity_verification.otp", 1, "", "must be true or false"),
    ("identity_verification.optional_matches", 4, "", "must not be more than the optional fields"),
    ("identity_verification.optional[1]", "firstname", "", "'firstname' is mandatory already"),
    ("identity_verification.mandatory[0]", "shoe", "", "there is no field 'shoe'"),
    # zones, concepts, stores, tills
    ("zones", {"code": "a"}, "", "must be a list"),
    ("zones[0]", "south", "", "must be a mapping"),
    ("zones[0].code", ABSENT, "", "is required"),
    ("zones[1].code", "south", "", "'south' stands here twice"),
    ("zones[0].colour", "red", "", "unknown key"),
    ("concepts[1].code", "fashion", "", "'fashion' stands here twice"),
    ("stores[0].zone", "nowhere", "", "there is no zone 'nowhere'"),
    ("stores[0].concept", "nothing", "", "there is no concept 'nothing'"),
    ("stores[0].external_id", 1001, "", "must be text; put it in quotes"),
    ("stores[1].code", "mg", "", "'mg' stands here twice"),
    ("stores[0].active", "yes", "", "must be true or false"),
    ("stores[0].tills", {}, "", "must be a list"),
    ("stores[0].tills[0].code", "Till 1", "", "A lower-case letter, then letters, digits, dot, underscore, hyphen"),
    ("stores[0].tills[0].code", "t" * 51, "", "must be at most 50 characters"),
    ("stores[0].tills[1].code", "mg.till1", "", "'mg.till1' stands here twice"),
    ("stores[2].tills", [{"code": "mg.till1", "name": "Twin"}], "=stores[2].tills[0].code", "'mg.till1' stands here twice"),
    ("stores[0].tills[0].password", "", "", "must not be blank"),
    ("stores[0].tills[0].password", 12345678, "", "must be text; put it in quotes"),
    ("stores[0].tills[0].password_env", "PASSWORD", "", "does not go with password"),
    ("stores[0].tills[1].password_env", "NOT_SET", "", "the environment variable NOT_SET is not set"),
    ("stores[0].tills[1].password_env", "EMPTY", "", "the environment variable EMPTY is empty"),
    ("stores[0].tills[1].password_env", "no variable", "", "must be the name of an environment variable"),
    # API clients
    ("api_clients[0].till", "nobody", "", "there is no till 'nobody'"),
    ("api_clients[0].till", ABSENT, "", "is required"),
    ("api_clients[1].key", "meridian-key", "", "'meridian-key' stands here twice"),
    ("api_clients[0].token_ttl", 59, "", "must be from 60 to 86400"),
    ("api_clients[0].token_ttl", Decimal("60.5"), "", "must be a whole number"),
    ("api_clients[0].secret_env", "SECRET", "", "does not go with secret"),
    ("api_clients[1].secret_env", "NOT_SET", "", "the environment variable NOT_SET is not set"),
    # fields
    ("fields", [], "", "must be a mapping"),
    ("fields.customs", [], "", "unknown key"),
    ("fields.custom[0].type", "string", "", "must be one of text, number, date, boolean, enum, multi"),
    ("fields.custom[0].type", ["enum"], "", "must be one of text, number, date, boolean, enum, multi"),
    ("fields.custom[0].options", ABSENT, "", "is required for enum"),
    ("fields.custom[0].options[1]", "Male", "", "'Male' stands here twice"),
    ("fields.custom[0].options[1]", True, "", "must be text; put it in quotes"),
    ("fields.custom[2].options", ["a"], "", "does not go with number"),
    ("fields.custom[2].max_length", 5, "", "does not go with number"),
    ("fields.custom[1].name", "Sex", "", "'Sex' stands here twice"),
    ("fields.extended[0].max_length", 0, "", "must be from 1 to 2000"),
    ("fields.extended[0].labels", ["a"], "", "must be a mapping"),
    ("fields.extended[0].labels.Hindi words", "x", "", "must be a language code, like en or pt-BR"),
    ("fields.gender_field", "nothing", "", "there is no custom or extended field 'nothing'"),
    ("fields.gender_field", "cashier", "", "there is no custom or extended field 'cashier'"),
    # source accounts and cards
    ("source_accounts[1].account", "wx-main", "", "'WECHAT, wx-main' stands here twice"),
    ("source_accounts[0].source", ABSENT, "", "is required"),
    ("card_series[1].code", "GOLD", "", "'GOLD' stands here twice"),
    ("card_series[0].type", "WOODEN", "", "must be one of PHYSICAL, DIGITAL"),
    ("card_series[0].length", 51, "", "must be from 4 to 50"),
    ("card_series[0].length", 4, "=card_series[0].prefix", "must be shorter than the whole number"),
    # coupons and campaigns
    ("coupon_series[1].code", "WELCOME10", "", "'WELCOME10' stands here twice"),
    ("coupon_series[0].discount_type", "HALF", "", "must be one of PERC, FLAT"),
    ("coupon_series[0].discount_value", 101, "", "must be at most 100 percent"),
    ("coupon_series[0].discount_value", ABSENT, "", "is required"),
    ("coupon_series[0].valid_till", date(2027, 1, 1), "", "does not go with valid_days"),
    ("coupon_series[0].redemptions_per_coupon", -1, "", "must be from 0 to 1000000"),
    ("coupon_series[0].stores[0]", "nowhere", "", "there is no store 'nowhere'"),
    ("coupon_series[0].custom_properties.colour", ["red"], "", "must be text, a number, true or false"),
    ("coupon_series[0].custom_properties.size", -1, "", "must be at least 0"),
    ("coupon_series[2]", {**COUPON, "valid_for": 3}, "valid_for", "unknown key"),
    ("referral_campaigns[1].token", "FRIENDS", "", "'FRIENDS' stands here twice"),
    ("referral_campaigns[1].default", True, "", "one may be the default, and referral_campaigns[0] is"),
    ("referral_campaigns[0].kind", ABSENT, "", "is required"),
    ("referral_campaigns[0].ends", date(2019, 1, 1), "", "must not be before starts"),
    ("referral_campaigns[0].channels[0]", "SMS", "", "must be one of MOBILE, EMAIL"),
    ("referral_campaigns[0].reward_on[0]", "BIRTHDAY", "", "must be one of REGISTRATION, TRANSACTION"),
    ("referral_campaigns[0].referrer_reward.coupon_series", "NOTHING", "", "there is no coupon series 'NOTHING'"),
    ("referral_campaigns[0].referee_reward.points", 0, "", "must be above 0"),
    # tickets, segments, groups, statuses
    ("tickets", ["OPEN"], "", "must be a mapping"),
    ("tickets.closed_statuses[0]", "DONE", "", "there is no status 'DONE'"),
    ("tickets.statuses[1]", "OPEN", "", "'OPEN' stands here twice"),
    ("segments[0].partitions", "no list", "", "must be a list"),
    ("segments[0].partitions", [], "", "must not be empty"),
    ("segments[1]", {"name": "spend-band", "partitions": ["a"]}, "name", "'spend-band' stands here twice"),
    ("user_groups[0].name", ABSENT, "", "is required"),
    ("user_groups[1]", {"external_id": "G1", "name": "Twin"}, "external_id", "'G1' stands here twice"),
    ("customer_statuses[0].status", "ASLEEP", "", f"must be one of {STATUSES}"),
    ("customer_statuses[0].blocks[0]", "breathing", "", f"must be one of {BLOCKS}"),
    (
        "customer_statuses[1]",
        {"status": "SUSPENDED", "label": "Suspicious"},
        "label",
        "'SUSPENDED, Suspicious' stands here twice",
    ),
    # staff
    ("staff[0].role", "king", "", "must be one of org_admin, store_manager, store_staff, care_agent, auditor"),
    ("staff[0].stores[0]", "nowhere", "", "there is no store 'nowhere'"),
    ("staff[1].username", "meridian-asha", "", "'meridian-asha' stands here twice"),
    ("staff[0].username", "a b", "", USERNAME),
    ("staff[0].password_env", "PASSWORD", "", "does not go with password"),
    ("staff[1].password_env", "NOT_SET", "", "the environment variable NOT_SET is not set"),
]


@pytest.mark.parametrize(("path", "value", "where", "message"), SPOILT, ids=[row[0] for row in SPOILT])
def test_each_rule_is_named_with_its_path(path: str, value: object, where: str, message: str) -> None:
    check_spoilt(path, value, where, message)


def test_the_whole_document_is_right() -> None:
    assert problems_of(whole()) == {}


def test_all_problems_are_reported_at_once() -> None:
    document = whole()
    spoil(document, "stores[0].colour", "blue")
    spoil(document, "organization.currency", "inr")
    spoil(document, "segments[0].partitions", "no list")
    assert list(problems_of(document)) == ["organization.currency", "stores[0].colour", "segments[0].partitions"]


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "the file is empty"), (b"[]", "must be a mapping"), (b"words", "must be a mapping")]
)
def test_an_invalid_document_is_reported_without_a_path(content: bytes, message: str) -> None:
    with pytest.raises(OrganizationFileError, match=message):
        check_document(content, environment={})


def test_null_means_absent() -> None:
    document = dict.fromkeys(whole())
    document["organization"] = {
        "code": "bare",
        "name": "Bare",
        **dict.fromkeys(["timezone", "currency", "base_country", "countries"]),
    }
    checked = check(document)
    assert checked["organization"] == {
        "code": "bare",
        "name": "Bare",
        "timezone": "UTC",
        "currency": "USD",
        "base_country": None,
        "countries": [],
        "language": "en",
    }
    assert checked["stores"] == []
    assert checked["settings"] == {}


def test_settings_are_kept_as_stored_and_defaults_are_left_out() -> None:
    document = small()
    document["settings"] = {
        "CONF_REGISTRATION_PRIMARY_KEY": "MOBILE",
        "CONF_ALLOW_EMAIL_UPDATE": True,
        "CONF_ALLOW_MOBILE_UPDATE": 0,
        "CONFIG_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": "1",
        "CONF_MIN_REGISTRATION_DATE": date(2001, 2, 3),
        "CONF_LOYALTY_MAX_BILL_AMOUNT": Decimal("1e2"),
        "CONF_LOYALTY_MIN_BILL_AMOUNT": "0.50",
        "BATCH_LIMIT": None,
    }
    assert check(document)["settings"] == {
        "CONF_ALLOW_EMAIL_UPDATE": 1,
        "CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": 1,
        "CONF_MIN_REGISTRATION_DATE": "2001-02-03",
        "CONF_LOYALTY_MAX_BILL_AMOUNT": "100",
        "CONF_LOYALTY_MIN_BILL_AMOUNT": "0.5",
    }


def test_both_spellings_of_one_setting_are_one_too_many() -> None:
    document = small()
    names = ["CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH", "CONFIG_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH"]
    document["settings"] = dict.fromkeys(names, 1)
    assert problems_of(document) == {f"settings.{names[1]}": "stands here twice, under both of its spellings"}


def test_secrets_come_from_the_environment() -> None:
    document = small()
    till = document["stores"][0]["tills"][0]
    del till["password"]
    till["password_env"] = "TILL_PASSWORD"
    document["api_clients"] = [{"key": "tiny-key", "till": till["code"], "secret_env": "CLIENT_SECRET"}]
    document["staff"] = [{"username": "tiny-staff", "role": "auditor", "password_env": "STAFF_PASSWORD"}]
    checked = check(document, {"TILL_PASSWORD": "one", "CLIENT_SECRET": "two", "STAFF_PASSWORD": "three"})
    assert checked["stores"][0]["tills"][0]["password"] == "one"
    assert checked["api_clients"][0]["secret"] == "two"
    assert checked["staff"][0]["password"] == "three"


def test_production_refuses_weak_secrets_wherever_they_come_from(settings) -> None:
    document = small()
    weak = {"key": "app", "secret_env": "SECRET", "till": "tiny.till1"}
    document["api_clients"] = [weak]
    document["staff"] = [{"username": "asha", "password": "password1234", "role": "org_admin"}]
    assert problems_of(document, {"SECRET": "short"}) == {}
    settings.PRODUCTION = True
    assert problems_of(document, {"SECRET": "short"}) == {
        "stores[0].tills[0].password": "the password must have at least 12 characters",
        "api_clients[0].secret_env": "the secret must have at least 12 characters",
        "staff[0].password": "the password is too common",
    }
