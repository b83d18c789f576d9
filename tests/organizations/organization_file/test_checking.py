"""Every rule of the organization file, each broken once."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from organizations.organization_file.problems import OrganizationFileError
from tests.factories.organization_files import ABSENT, check, problems_of, small, spoil, whole
from use_cases.organization_file import check_document

COUPON = {"code": "X", "discount_type": "FLAT", "discount_value": 1}
CONDITIONS = [{"based_on": "PURCHASE", "threshold": 1}, {"based_on": "VISITS", "threshold": 2}]
TRACKED = {"based_on": "TRACKER", "tracker": "Since", "threshold": 1}
EXPIRIES = "never, days, months, date, last_activity, rolling, anniversary, membership, field"
TRACKERS = (
    "BILL_AMOUNT, BILL_DISCOUNT, BILL_GROSS_AMOUNT, BILL_QUANTITY, "
    "LINEITEM_AMOUNT, LINEITEM_QTY, LINEITEM_COUNT, CUSTOMER_VISITS, POINTS"
)
STATUSES = "ACTIVE, SUSPENDED, DELETED, FRAUD_SUSPECTED, FRAUD_CONFIRMED, INTERNAL, PENDING_DELETION"
BLOCKS = "coupon_redeem, coupon_issue, points_issue, points_redeem, identifier_change, tier_upgrade, transactions, promotions"
USERNAME = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
MATCHES = "must be all, any, a number, or an expression like (1 AND 2) OR 3"
NO_DATE = "there is no extended field of type date 'city'"
AWARDS = "must be per with points, or percent, or fixed, or per_unit, or multiply"
SILVER = "programs[0].tiers[1]"

# what is put where, and the problem: at the same path, at the one below it that is named, or (with =) at another one
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
    # programs
    ("programs", "none", "", "must be a list"),
    ("programs[0].default", False, "=programs", "exactly one must be the default"),
    ("programs[3]", {"name": "Fourth", "default": True}, "default", "exactly one may be the default, and programs[0] is"),
    ("programs[1].name", "Meridian Club", "", "'Meridian Club' stands here twice"),
    ("programs[0].bound_to", {"zones": ["south"]}, "zones", "the default program is everywhere"),
    ("programs[1].bound_to", {"zones": ["east"]}, "zones[0]", "there is no zone 'east'"),
    ("programs[2].bound_to", {"zones": ["south"]}, "zones[0]", "'south' is bound to the program 'South Club' already"),
    (
        "programs[2].bound_to",
        {"concepts": ["food"]},
        "concepts",
        "the programs of an organization are bound to one kind of thing, here zones",
    ),
    (
        "programs[1].bound_to",
        {"zones": ["south"], "card_series": ["GOLD"]},
        "card_series",
        "the programs of an organization are bound to one kind of thing, here zones",
    ),
    ("programs[1].bound_to", {"stores": ["mg"]}, "stores", "unknown key"),
    ("programs[0].points_to_currency", "a quarter", "", "must be a number"),
    ("programs[0].points_to_currency", True, "", "must be a number"),
    ("programs[0].points_to_currency", -1, "", "must be at least 0"),
    ("programs[0].points_to_currency", Decimal("0.0000001"), "", "must have at most 6 decimals"),
    ("programs[0].points_to_currency", Decimal("1e300"), "", "must be below 1000000000"),
    ("programs[0].points_to_currency", 10**9, "", "must be below 1000000000"),
    ("programs[0].precision", 4, "", "must be from 0 to 3"),
    ("programs[0].precision", True, "", "must be a whole number"),
    ("programs[0].enrolment.points", ABSENT, "", "is required"),
    ("programs[0].enrolment.expiry.kind", "weeks", "", f"must be one of {EXPIRIES}"),
    ("programs[0].enrolment.expiry", {"value": 12}, "kind", f"must be one of {EXPIRIES}"),
    ("programs[0].enrolment.expiry", {"kind": ["days"]}, "kind", f"must be one of {EXPIRIES}"),
    ("programs[0].enrolment.expiry", "never", "", "must be a mapping"),
    ("programs[0].enrolment.expiry.value", ABSENT, "", "is required"),
    ("programs[0].enrolment.expiry.value", 0, "", "must be from 1 to 1200"),
    ("programs[0].enrolment.expiry", {"kind": "never", "value": 1}, "value", "unknown key"),
    ("programs[0].earning[1].expiry.value", "2027-12-31", "", "must be a date, YYYY-MM-DD without quotes"),
    ("programs[0].earning[4].expiry.name", "birthday", "", "there is no extended field of type date 'birthday'"),
    ("programs[0].earning[4].expiry.name", "city", "", "there is no extended field of type date 'city'"),
    ("programs[0].earning[1].name", "base", "", "'base' stands here twice"),
    ("programs[0].earning[0].when.stores[0]", "nowhere", "", "there is no store 'nowhere'"),
    ("programs[0].earning[0].when.zones[0]", "nowhere", "", "there is no zone 'nowhere'"),
    ("programs[0].earning[0].when.concepts[0]", "nothing", "", "there is no concept 'nothing'"),
    ("programs[0].earning[0].when.tiers[0]", "Wood", "", "there is no tier 'Wood'"),
    ("programs[0].earning[0].when.weekdays[0]", "monday", "", "must be one of mon, tue, wed, thu, fri, sat, sun"),
    ("programs[0].earning[0].when.until", date(2025, 1, 1), "", "must not be before from"),
    ("programs[0].earning[0].award", {"per": 100}, "", AWARDS),
    ("programs[0].earning[0].award", {}, "", AWARDS),
    ("programs[0].earning[0].award", {"percent": 1, "fixed": 2}, "", AWARDS),
    ("programs[0].earning[0].award", {"percent": 1, "of": ["base"]}, "", AWARDS),
    ("programs[0].earning[0].award.per", 0, "", "must be above 0"),
    ("programs[0].earning[10].award.multiply", 1, "", "must be above 1"),
    ("programs[0].earning[10].award.of[0]", "nobody", "", "there is no rule that gives points by itself 'nobody'"),
    ("programs[0].earning[10].award.of[0]", "more", "", "there is no rule that gives points by itself 'more'"),
    ("programs[0].earning[11].when", {"items": {"include": ["A"]}}, "items", "does not go with multiply"),
    ("programs[0].earning[11].when", {"attributes": {"a": ["b"]}}, "attributes", "does not go with multiply"),
    ("programs[0].earning[8].when.attributes.season", [], "", "must not be empty"),
    ("programs[0].earning[8].when.birthday", "week", "", "must be one of month, day"),
    ("programs[0].earning[8].when.segments[0].segment", "nothing", "", "there is no segment 'nothing'"),
    ("programs[0].earning[8].when.segments[0].partition", "middle", "", "there is no partition of 'spend-band' 'middle'"),
    ("programs[0].occasions[0].on", "wedding", "", "must be one of birthday, anniversary, profile_complete"),
    ("programs[0].occasions[0].fields", ["dob"], "", "does not go with birthday"),
    ("programs[0].occasions[2].fields", ABSENT, "", "is required"),
    ("programs[0].occasions[2].fields[0]", "shoe size", "", "there is no custom or extended field 'shoe size'"),
    ("programs[0].occasions[0].award", {"fixed": 1, "percent": 5}, "percent", "unknown key"),
    ("programs[0].occasions[0].expiry", {"kind": "field", "name": "city"}, "name", NO_DATE),
    ("programs[0].expiry_notice_days", [0], "=programs[0].expiry_notice_days[0]", "must be from 1 to 3650"),
    ("programs[0].keeps_points_alive", [], "", "must not be empty"),
    ("programs[0].keeps_points_alive[0]", "breathing", "", "must be one of bill, redemption, award"),
    ("programs[0].birthday_field", "nothing", "", "there is no field of type date 'nothing'"),
    ("programs[0].birthday_field", "city", "", "there is no field of type date 'city'"),
    ("programs[0].earning[0].award.points", Decimal("5.1234"), "", "must have at most 3 decimals"),
    ("programs[0].earning[0].award", ABSENT, "", "is required"),
    ("programs[0].earning[0].kind", "special", "", "must be one of regular, promotional"),
    ("programs[0].earning[0].delay_days", -1, "", "must be from 0 to 3650"),
    ("programs[0].redemption.minimum", 1, "", "unknown key"),
    ("programs[0].returns.allow_negative", "no", "", "must be true or false"),
    ("programs[0].trackers[1].name", "Two years", "", "'Two years' stands here twice"),
    ("programs[0].trackers[0].type", "ALTERNATE_CURRENCIES", "", f"must be one of {TRACKERS}"),
    (
        "programs[0].trackers[0].mode",
        "WINDOW",
        "",
        "must be one of MOVING_WINDOW, CYCLIC_WINDOW, CALENDAR_BASED_CYCLIC_WINDOW, TIER_CHANGE_WINDOW",
    ),
    ("programs[0].trackers[0].days", ABSENT, "", "is required"),
    ("programs[0].trackers[1].days", 90, "", "unknown key"),
    ("programs[0].trackers[2].period", "week", "", "must be one of month, quarter, year"),
    ("programs[0].trackers[3].days", 1, "", "unknown key"),
    # tiers
    (
        "programs[0].tiers[0].upgrade",
        {"based_on": "LIFETIME_POINTS", "threshold": 1},
        "",
        "the first tier is everybody's and has no upgrade",
    ),
    (f"{SILVER}.upgrade", ABSENT, "", "is required"),
    (f"{SILVER}.upgrade.threshold", "a lot", "", "must be a number"),
    (f"{SILVER}.upgrade.threshold", ABSENT, "", "is required"),
    (f"{SILVER}.upgrade.based_on", ABSENT, "", "is required"),
    (
        f"{SILVER}.upgrade.based_on",
        "VISITS",
        "",
        "must be one of CUMULATIVE_PURCHASES, LIFETIME_POINTS, CURRENT_POINTS, TRACKER_VALUE_BASED",
    ),
    (f"{SILVER}.upgrade.tracker", "Two years", "", "does not go with CUMULATIVE_PURCHASES"),
    (f"{SILVER}.upgrade.match", "any", "", "needs conditions"),
    (
        f"{SILVER}.upgrade.threshold",
        60_000,
        "=programs[0].tiers[2].upgrade.threshold",
        "must be above the tier before: tiers stand lowest first",
    ),
    ("programs[0].tiers[3].upgrade.tracker", ABSENT, "", "is required"),
    ("programs[0].tiers[3].upgrade.tracker", "Nothing", "", "there is no tracker 'Nothing'"),
    ("programs[0].tiers[4].upgrade.based_on", "LIFETIME_POINTS", "", "does not go with conditions"),
    ("programs[0].tiers[4].upgrade.conditions[1].tracker", "Nothing", "", "there is no tracker 'Nothing'"),
    ("programs[0].tiers[4].upgrade.conditions[0].threshold", ABSENT, "", "is required"),
    ("programs[0].tiers[4].upgrade.conditions", [], "", "must not be empty"),
    ("programs[0].tiers[4].upgrade.match", 3, "", "must be from 1 to 2"),
    ("programs[0].tiers[2].name", "Silver", "", "'Silver' stands here twice"),
    (f"{SILVER}.validity_months", 0, "", "must be from 1 to 1200"),
    (f"{SILVER}.downgrade_to", "Bronze", "", "must be one of previous, lowest, none, fitting"),
    (f"{SILVER}.validity", {"end_of": "year"}, "", "does not go with validity_months"),
    (f"{SILVER}.validity", {"end_of": "week"}, "end_of", "must be one of year, month"),
    ("programs[0].tiers[0].grace_days", 30, "", "needs validity_months or validity"),
    (f"{SILVER}.on_entry", {}, "", "must give points or a coupon_series"),
    (f"{SILVER}.on_entry", {"coupon_series": "NONE"}, "coupon_series", "there is no coupon series 'NONE'"),
    (f"{SILVER}.on_entry", {"coupon_series": "WELCOME10", "expiry": {"kind": "never"}}, "expiry", "needs points"),
    (
        f"{SILVER}.on_entry",
        {"points": 5, "expiry": {"kind": "field", "name": "nothing"}},
        "expiry.name",
        "there is no extended field of type date 'nothing'",
    ),
    (f"{SILVER}.renew", {"conditions": []}, "conditions", "must not be empty"),
    (f"{SILVER}.renew.conditions", ABSENT, "", "is required"),
    (f"{SILVER}.renew.conditions[0].based_on", "CUMULATIVE_PURCHASES", "", "must be one of PURCHASE, VISITS, POINTS, TRACKER"),
    (f"{SILVER}.renew.conditions[0].tracker", "Since", "", "does not go with PURCHASE"),
    (f"{SILVER}.renew.conditions[0].based_on", "TRACKER", f"={SILVER}.renew.conditions[0].tracker", "is required"),
    (
        f"{SILVER}.renew",
        {"conditions": [{**TRACKED, "tracker": "Nothing"}]},
        "conditions[0].tracker",
        "there is no tracker 'Nothing'",
    ),
    (f"{SILVER}.renew", {"conditions": [TRACKED] * 4}, "conditions", "may ask for 3 trackers at most"),
    (f"{SILVER}.renew.match", "some", "", f"{MATCHES}; this one cannot be read from 'some' on"),
    (f"{SILVER}.renew.match", "1 OR 3", "", "there is no condition 3"),
    (f"{SILVER}.renew.match", "0 OR 1", "", "there is no condition 0"),
    (f"{SILVER}.renew.match", 3, "", "must be from 1 to 2"),
    (f"{SILVER}.renew.match", 0, "", "must be from 1 to 100"),
    (f"{SILVER}.renew.match", ["all"], "", MATCHES),
    (f"{SILVER}.renew.match", True, "", MATCHES),
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
    document = whole()
    spoil(document, path, value)
    expected = where[1:] if where.startswith("=") else f"{path}.{where}" if where else path
    assert problems_of(document, {"EMPTY": ""}) == {expected: message}


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


def test_an_organization_without_programs_is_right() -> None:
    document = small()
    document["programs"] = []
    assert problems_of(document) == {}


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


def test_equal_thresholds_of_different_measures_are_allowed() -> None:
    document = whole()
    tiers = document["programs"][0]["tiers"]
    tiers[2]["upgrade"] = {"based_on": "CURRENT_POINTS", "threshold": 5}
    tiers.append(deepcopy(tiers[3]) | {"name": "Higher", "upgrade": {"based_on": "CURRENT_POINTS", "threshold": 6}})
    assert problems_of(document) == {}


def test_a_shared_value_may_occur_several_times() -> None:
    content = b"""
    organization: {code: shared, name: Shared}
    programs:
      - {name: Club, default: true, enrolment: {points: 1, expiry: &year {kind: months, value: 12}},
         earning: [{name: base, award: {fixed: 1}, expiry: *year}]}
    """
    program = check_document(content, environment={})["programs"][0]
    assert program["earning"][0]["expiry"] == program["enrolment"]["expiry"] == {"kind": "months", "value": 12}


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


def test_birthdays_need_the_field_that_has_them() -> None:
    document = whole()
    spoil(document, "programs[0].birthday_field", ABSENT)
    assert problems_of(document, {"EMPTY": ""}) == {
        "programs[0].earning[8].when.birthday": "needs the birthday_field of the program",
        "programs[0].occasions[0].on": "needs the birthday_field of the program",
    }
