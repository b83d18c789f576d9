"""Consents as printed: pure functions from rows to the objects of docs/protocol.md 3, 4.5 and 4.14."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from subscriptions.models import Channel, Consent, Priority, Scope
from subscriptions.rules import Pair

# The pairs that can be chosen, in the order of print.
PAIRS: Final[Sequence[Pair]] = tuple((channel, priority, Scope.ALL) for channel in Channel for priority in Priority)
_PREFERENCES: Final[Mapping[bool | None, Mapping[str, str]]] = {
    None: {"subscribed": "ALL", "unsubscribed": "", "user_preference": "NOT_SET"},
    True: {"subscribed": "ALL", "unsubscribed": "", "user_preference": "SUBSCRIBED"},
    False: {"subscribed": "", "unsubscribed": "ALL", "user_preference": "UNSUBSCRIBED"},
}


def core_rows(consents: Mapping[Pair, Consent]) -> list[dict[str, str]]:
    """`subscriptions.subscription[]` of a customer: explicit choices only (docs/protocol.md 3)."""
    return [
        {"channel": channel, "priority": priority, "scope": scope, "status": status_of(consents[channel, priority, scope])}
        for channel, priority, scope in PAIRS
        if (channel, priority, scope) in consents
    ]


def status_of(consent: Consent) -> str:
    """1 for a yes, 0 for a no."""
    return "1" if consent.is_subscribed else "0"


def optin_status(consents: Mapping[Pair, Consent]) -> str:
    """A summary of all choices: NONE, OPTED_IN, OPTED_OUT or PARTIAL (docs/protocol.md 4.5)."""
    answers = {consent.is_subscribed for consent in consents.values()}
    if not answers:
        return "NONE"
    if len(answers) > 1:
        return "PARTIAL"
    return "OPTED_IN" if True in answers else "OPTED_OUT"


def channel_rows(
    consents: Mapping[Pair, Consent], *, channels: Iterable[str], priorities: Sequence[str], scope: str = Scope.ALL
) -> list[dict[str, Any]]:
    """`channel[]` of customer/subscriptions: all `channels`, chosen or not (docs/protocol.md 4.14)."""
    return [
        {
            "name": channel,
            "priority": [
                {"name": priority, **_PREFERENCES[_answer(consents.get((channel, priority, scope)))]} for priority in priorities
            ],
        }
        for channel in channels
    ]


def _answer(consent: Consent | None) -> bool | None:
    return None if consent is None else consent.is_subscribed
