"""Consents as printed: pure functions from rows to the objects of docs/protocol.md 3, 4.5 and 4.14."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from subscriptions.models import Channel, Priority, Scope
from subscriptions.rules import Pair

# A customer's choices: True for a yes. Pairs without a choice are absent.
Answers = Mapping[Pair, bool]
# The pairs that can be chosen, in the order of print.
PAIRS: Final[Sequence[Pair]] = tuple((channel, priority, Scope.ALL) for channel in Channel for priority in Priority)
_PREFERENCES: Final[Mapping[bool | None, Mapping[str, str]]] = {
    None: {"subscribed": "ALL", "unsubscribed": "", "user_preference": "NOT_SET"},
    True: {"subscribed": "ALL", "unsubscribed": "", "user_preference": "SUBSCRIBED"},
    False: {"subscribed": "", "unsubscribed": "ALL", "user_preference": "UNSUBSCRIBED"},
}


def core_rows(answers: Answers) -> list[dict[str, str]]:
    """`subscriptions.subscription[]` of a customer: explicit choices only (docs/protocol.md 3)."""
    return [
        {"channel": channel, "priority": priority, "scope": scope, "status": "1" if answers[channel, priority, scope] else "0"}
        for channel, priority, scope in PAIRS
        if (channel, priority, scope) in answers
    ]


def optin_status(answers: Answers) -> str:
    """A summary of all choices: NONE, OPTED_IN, OPTED_OUT or PARTIAL (docs/protocol.md 4.5)."""
    given = set(answers.values())
    if not given:
        return "NONE"
    if len(given) > 1:
        return "PARTIAL"
    return "OPTED_IN" if True in given else "OPTED_OUT"


def channel_rows(
    answers: Answers, *, channels: Iterable[str], priorities: Sequence[str], scope: str = Scope.ALL
) -> list[dict[str, Any]]:
    """`channel[]` of customer/subscriptions: all `channels`, chosen or not (docs/protocol.md 4.14)."""
    return [
        {
            "name": channel,
            "priority": [
                {"name": priority, **_PREFERENCES[answers.get((channel, priority, scope))]} for priority in priorities
            ],
        }
        for channel in channels
    ]
