from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest

from organizations.policies import ALIASES, DEFAULTS, NAMES, Policy, read_flag


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("CONF_ALLOW_EMAIL_UPDATE", 1, 1),
        ("CONF_ALLOW_EMAIL_UPDATE", "0", 0),
        ("CONF_ALLOW_EMAIL_UPDATE", True, 1),
        ("CONF_ALLOW_EMAIL_UPDATE", " False ", 0),
        ("BATCH_LIMIT", 50, 50),
        ("BATCH_LIMIT", "50", 50),
        ("CONF_REGISTRATION_PRIMARY_KEY", "EMAIL", "email"),
        ("OPT_IN_TYPE", "double", "DOUBLE"),
        ("CONF_CARD_CHECKSUM_DIGIT_ALGO", "", ""),
        ("CONF_CARD_NUMBER_PREFIX", 12, "12"),
        ("CONF_MIN_REGISTRATION_DATE", date(2001, 2, 3), "2001-02-03"),
        ("CONF_MIN_REGISTRATION_DATE", "2001-02-03", "2001-02-03"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", "10.50", "10.50"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", Decimal(0), "0"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", None, None),
        ("EXTERNAL_ID_PATTERN", "[A-Z]+", "[A-Z]+"),
        ("GOODWILL_REASONS", " Late;Rude  staff;\n\nLate ; \u202eWet\u202c", "Late; Rude staff; Wet"),
    ],
)
def test_a_flag_is_stored_as_a_number_or_text(name: str, value: object, stored: object) -> None:
    read = read_flag(name, value)
    assert read == (name, stored)
    assert type(read[1]) is type(stored)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CONF_ALLOW_EMAIL_UPDATE", 2, "must be 0 or 1"),
        ("CONF_ALLOW_EMAIL_UPDATE", "yes", "must be 0 or 1"),
        ("CONF_ALLOW_EMAIL_UPDATE", None, "must be 0 or 1"),
        ("BATCH_LIMIT", "many", "must be a whole number"),
        ("BATCH_LIMIT", True, "must be a whole number"),
        ("BATCH_LIMIT", 1.5, "must be a whole number"),
        ("BATCH_LIMIT", 0, "must be from 1 to 10000"),
        ("TEST_CONTROL_RATIO", 101, "must be from 0 to 100"),
        ("TEST_CONTROL_RATIO", -1, "must be from 0 to 100"),
        ("CONF_REGISTRATION_PRIMARY_KEY", "phone", "must be one of mobile, email, external_id"),
        ("CONF_MIN_REGISTRATION_DATE", "yesterday", "must be a date, YYYY-MM-DD"),
        ("CONF_MIN_REGISTRATION_DATE", 1990, "must be a date, YYYY-MM-DD"),
        ("CONF_CARD_NUMBER_PREFIX", "x" * 21, "must be text of at most 20 characters"),
        ("CONF_CARD_NUMBER_PREFIX", True, "must be text of at most 20 characters"),
        ("CONF_CARD_NUMBER_PREFIX", ["x"], "must be text of at most 20 characters"),
        ("EXTERNAL_ID_PATTERN", "(", r"must be a regular expression of RE2 syntax: missing \): \("),
        ("EXTERNAL_ID_PATTERN", "(?=x)x", r"must be a regular expression of RE2 syntax: invalid perl operator: \(\?="),
        ("EXTERNAL_ID_PATTERN", "x" * 501, "must be text of at most 500 characters"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", "-1", "must be an amount, or null for no limit"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", "much", "must be an amount, or null for no limit"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", "Infinity", "must be an amount, or null for no limit"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", True, "must be an amount, or null for no limit"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", "1_000", "must be an amount, or null for no limit"),
        ("CONF_LOYALTY_MIN_BILL_AMOUNT", "\u0661", "must be an amount, or null for no limit"),
        ("BATCH_LIMIT", "\u0661", "must be a whole number"),
        ("GOODWILL_REASONS", " ;\n", "must be reasons, separated by semicolons"),
        ("GOODWILL_REASONS", 7, "must be reasons, separated by semicolons"),
        ("GOODWILL_REASONS", "x" * 101, "must be at most 20 reasons of at most 100 characters"),
        ("GOODWILL_REASONS", ";".join(map(str, range(21))), "must be at most 20 reasons of at most 100 characters"),
        ("ADJUSTMENT_LIMIT_CARE_AGENT", "", "must be a whole number"),
        ("ADJUSTMENT_LIMIT_CARE_AGENT", -1, "must be from 0 to 99999999"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_a_sentence(name: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        read_flag(name, value)


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        read_flag("CONF_NO_SUCH_FLAG", 1)


def test_the_other_spelling_of_a_flag_leads_to_its_own_name() -> None:
    assert read_flag("CONFIG_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH", 1) == ("CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH", 1)
    assert not set(ALIASES) & set(NAMES)
    assert set(ALIASES.values()) <= set(NAMES)


def test_no_flags_mean_the_defaults() -> None:
    policy = Policy.from_flags({})
    assert policy == Policy()
    assert (policy.primary, policy.batch_limit, policy.email_unique, policy.max_bill_amount) == ("mobile", 100, True, None)


@pytest.mark.parametrize("name", NAMES)
def test_every_default_may_be_written_explicitly(name: str) -> None:
    own, stored = read_flag(name, DEFAULTS[name])
    assert own == name
    assert Policy.from_flags({name: stored}) == Policy()


def test_stored_flags_come_back_as_typed_values() -> None:
    policy = Policy.from_flags(
        {
            "CONF_REGISTRATION_PRIMARY_KEY": "external_id",
            "CONF_USERS_IS_EMAIL_UNIQUE": 0,
            "CONF_MIN_REGISTRATION_DATE": "2001-02-03",
            "CONF_LOYALTY_MAX_BILL_AMOUNT": "99.50",
            "BATCH_LIMIT": 7,
        }
    )
    assert (policy.primary, policy.email_unique, policy.batch_limit) == ("external_id", False, 7)
    assert (policy.min_registration_date, policy.max_bill_amount) == (date(2001, 2, 3), Decimal("99.50"))


def test_external_ids_are_generated_only_with_both_flags() -> None:
    names = ["CONF_CARD_NUMBER_GENERATION_ENABLED", "CONF_GEN_CARD_NUMBER_AS_EXTERNAL_ID_ENABLED"]
    assert Policy.from_flags(dict.fromkeys(names, 1)).generates_external_ids
    assert not any(Policy.from_flags({name: 1}).generates_external_ids for name in names)


def test_documented_names_and_attributes_belong_together_one_to_one() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(fields(Policy)) == len(DEFAULTS)
