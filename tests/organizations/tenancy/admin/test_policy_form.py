"""The form of the policy flags: all of them, each shown as what it is."""

from django import forms

from organizations.policies import NAMES
from organizations.tenancy.admin.policy_form import GROUPS, LABELS, policy_fields, shown_policies


def test_every_flag_is_in_one_group() -> None:
    assert sorted(LABELS) == sorted(NAMES)
    assert sum(len(group) for group in GROUPS.values()) == len(NAMES)


def test_switches_are_switches_and_words_are_chosen() -> None:
    fields = policy_fields()
    assert isinstance(fields["CONF_USERS_IS_EMAIL_UNIQUE"], forms.BooleanField)
    assert fields["OPT_IN_TYPE"].choices == [
        ("SINGLE", "SINGLE"),
        ("RESTRICTED_SINGLE", "RESTRICTED_SINGLE"),
        ("DOUBLE", "DOUBLE"),
    ]
    assert fields["CONF_CARD_CHECKSUM_DIGIT_ALGO"].choices[0] == ("", "none")
    assert fields["CONF_MIN_BILLING_DATE"].widget.attrs["placeholder"] == "YYYY-MM-DD"
    assert fields["CONF_LOYALTY_MAX_BILL_AMOUNT"].widget.attrs["placeholder"] == "no limit"
    assert fields["BATCH_LIMIT"].help_text == "BATCH_LIMIT"


def test_what_is_stored_goes_before_the_default() -> None:
    shown = shown_policies({"BATCH_LIMIT": 7, "CONF_USERS_IS_EMAIL_UNIQUE": 0})
    assert shown["BATCH_LIMIT"] == "7"
    assert shown["CONF_USERS_IS_EMAIL_UNIQUE"] is False
    assert shown["AUTO_MERGE_ON_IDENTIFIER_COLLISION"] is True
    assert shown["CONF_MIN_REGISTRATION_DATE"] == "1990-01-01"
    assert shown["CONF_LOYALTY_MAX_BILL_AMOUNT"] == ""
