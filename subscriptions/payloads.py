"""How is consent printed? Pure functions from what a customer said to the objects of docs/protocol.md 3, 4.5 and 4.14."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from subscriptions.choices import Pair
from subscriptions.models import Channel, Consent, Priority, Scope

# The pairs that can be chosen, in the order in which they are told.
PAIRS: Final[Sequence[Pair]] = tuple((channel, priority, Scope.ALL) for channel in Channel for priority in Priority)
_PREFERENCES: Final[Mapping[bool | None, Mapping[str, str]]] = {
    None: {"subscribed": "ALL", "unsubscribed": "", "user_preference": "NOT_SET"},
    True: {"subscribed": "ALL", "unsubscribed": "", "user_preference": "SUBSCRIBED"},
    False: {"subscribed": "", "unsubscribed": "ALL", "user_preference": "UNSUBSCRIBED"},
}


def core_rows(said: Mapping[Pair, Consent]) -> list[dict[str, str]]:
    """`subscriptions.subscription[]` of a customer: only what was explicitly said (docs/protocol.md 3)."""
    return [
        {"channel": channel, "priority": priority, "scope": scope, "status": told_status(said[channel, priority, scope])}
        for channel, priority, scope in PAIRS
        if (channel, priority, scope) in said
    ]


def told_status(consent: Consent) -> str:
    """0 or 1."""
    return "1" if consent.is_subscribed else "0"


def optin_status(said: Mapping[Pair, Consent]) -> str:
    """All that was said in one word: NONE, OPTED_IN, OPTED_OUT or PARTIAL (docs/protocol.md 4.5)."""
    answers = {consent.is_subscribed for consent in said.values()}
    if not answers:
        return "NONE"
    if len(answers) > 1:
        return "PARTIAL"
    return "OPTED_IN" if True in answers else "OPTED_OUT"


def channel_rows(
    said: Mapping[Pair, Consent], *, channels: Iterable[str], priorities: Sequence[str], scope: str = Scope.ALL
) -> list[dict[str, Any]]:
    """`channel[]` of customer/subscriptions: every channel asked for, whatever was said (docs/protocol.md 4.14)."""
    return [
        {
            "name": channel,
            "priority": [
                {"name": priority, **_PREFERENCES[_answer(said.get((channel, priority, scope)))]} for priority in priorities
            ],
        }
        for channel in channels
    ]


def _answer(consent: Consent | None) -> bool | None:
    return None if consent is None else consent.is_subscribed
