"""May a customer be written to? The rule as a table (docs/protocol.md 4.14)."""

import pytest

from organizations.policies import CHOICES
from subscriptions.models import Channel
from subscriptions.sending import ADDRESSES, Verdict, may_send

BOTH = {"mobile", "email"}


@pytest.mark.parametrize(
    ("opt_in_type", "is_subscribed", "allowed", "why"),
    [
        ("SINGLE", None, True, "has not unsubscribed"),
        ("SINGLE", True, True, "subscribed"),
        ("SINGLE", False, False, "unsubscribed"),
        ("RESTRICTED_SINGLE", None, False, "has not subscribed"),
        ("RESTRICTED_SINGLE", True, True, "subscribed"),
        ("RESTRICTED_SINGLE", False, False, "unsubscribed"),
        ("DOUBLE", None, False, "has not subscribed"),
        ("DOUBLE", True, True, "subscribed"),
        ("DOUBLE", False, False, "unsubscribed"),
    ],
)
@pytest.mark.parametrize("channel", Channel.values)
def test_consent_and_the_opt_in_type_decide(channel, opt_in_type, is_subscribed, allowed, why):
    verdict = may_send(channel, is_subscribed=is_subscribed, opt_in_type=opt_in_type, known_by=BOTH)
    assert verdict == Verdict(allowed, why)


@pytest.mark.parametrize(("channel", "known_by", "why"), [
    ("SMS", {"email"}, "no mobile number"),
    ("EMAIL", {"mobile", "external_id"}, "no e-mail address"),
])  # fmt: skip
@pytest.mark.parametrize("is_subscribed", [None, True, False])
def test_no_message_is_sent_without_an_address(channel, known_by, why, is_subscribed):
    assert may_send(channel, is_subscribed=is_subscribed, opt_in_type="SINGLE", known_by=known_by) == Verdict(
        is_allowed=False, why=why
    )


def test_the_table_has_every_opt_in_type_and_every_channel_its_address():
    assert CHOICES["OPT_IN_TYPE"] == ("SINGLE", "RESTRICTED_SINGLE", "DOUBLE")
    assert set(ADDRESSES) == set(Channel.values)
