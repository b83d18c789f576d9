"""Consents as they are printed (docs/protocol.md 3, 4.5, 4.14)."""

import pytest

from subscriptions.payloads import channel_rows, core_rows, optin_status


def consents(**answers):
    """{SMS_BULK: True} as the choices of a customer."""
    return {(*name.split("_"), "ALL"): answer for name, answer in answers.items()}


def test_core_rows_are_stored_in_one_order():
    assert core_rows({}) == []
    assert core_rows(consents(EMAIL_BULK=False, SMS_TRANS=True)) == [
        {"channel": "SMS", "priority": "TRANS", "scope": "ALL", "status": "1"},
        {"channel": "EMAIL", "priority": "BULK", "scope": "ALL", "status": "0"},
    ]


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({}, "NONE"),
        ({"SMS_BULK": True}, "OPTED_IN"),
        ({"SMS_BULK": True, "EMAIL_BULK": True}, "OPTED_IN"),
        ({"SMS_BULK": False, "SMS_TRANS": False}, "OPTED_OUT"),
        ({"SMS_BULK": True, "SMS_TRANS": False}, "PARTIAL"),
    ],
)
def test_optin_status_is_one_word_for_everything(answers, status):
    assert optin_status(consents(**answers)) == status


def test_channels_are_printed_with_or_without_consent():
    sms, post = channel_rows(
        consents(SMS_TRANS=True, SMS_BULK=False), channels=["SMS", "POSTMAIL"], priorities=["TRANS", "BULK"]
    )
    assert sms == {
        "name": "SMS",
        "priority": [
            {"name": "TRANS", "subscribed": "ALL", "unsubscribed": "", "user_preference": "SUBSCRIBED"},
            {"name": "BULK", "subscribed": "", "unsubscribed": "ALL", "user_preference": "UNSUBSCRIBED"},
        ],
    }
    assert [priority["user_preference"] for priority in post["priority"]] == ["NOT_SET", "NOT_SET"]
    (only,) = channel_rows({}, channels=["EMAIL"], priorities=["BULK"])
    assert only["priority"] == [{"name": "BULK", "subscribed": "ALL", "unsubscribed": "", "user_preference": "NOT_SET"}]
