"""Choices of customers: a yes or no to a channel and priority, read and checked (docs/protocol.md 4.14).

The same for `customer/subscriptions`, for pairs in `add` and `update`, and for imports.
"""

from collections.abc import Collection
from dataclasses import dataclass

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item, optional, text
from subscriptions.models import Channel, Priority, Scope

MAX_ID = 2**63 - 1
CHANNELS = frozenset(Channel.values)
PRIORITIES = frozenset(Priority.values)
SCOPES = frozenset(Scope.values)
_ANSWERS = {"0": False, "1": True}

Pair = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A yes or no to a channel and priority, with campaign and outbox of the message that led to it, if any."""

    channel: str
    priority: str
    scope: str = Scope.ALL
    is_subscribed: bool
    campaign_id: int | None = None
    outbox_id: int | None = None

    @property
    def pair(self) -> Pair:
        """Channel, priority and scope."""
        return self.channel, self.priority, self.scope


def read_choice(item: Item) -> Choice:
    """The choice of an item.

    Raises `LoyaltyError`, in this order: 1101, 1102, 1103 or 1105, 1106, 1107, 1108; 400 for a value that is not text.
    """
    return Choice(
        channel=read_word(text(item, "channel"), CHANNELS, Code.INVALID_CHANNEL),
        priority=read_word(text(item, "priority"), PRIORITIES, Code.INVALID_PRIORITY),
        scope=read_scope(optional(item, "scope")),
        is_subscribed=_yes_or_no(text(item, "is_subscribed")),
        campaign_id=_number(optional(item, "campaign_id"), Code.INVALID_CAMPAIGN_ID),
        outbox_id=_number(optional(item, "outbox_id"), Code.INVALID_OUTBOX_ID),
    )


def read_word(given: str, words: Collection[str], code: Code) -> str:
    """The word in upper case, if it is one of `words`. Raises `LoyaltyError` with `code`."""
    if given.upper() not in words:
        raise LoyaltyError(code)
    return given.upper()


def read_scope(given: str) -> str:
    """The scope; ALL if blank. Raises `LoyaltyError`: 1105 for several, 1103 for an unknown one."""
    if "," in given:
        raise LoyaltyError(Code.SEVERAL_SCOPES)
    return read_word(given or Scope.ALL, SCOPES, Code.INVALID_SCOPE)


def _yes_or_no(given: str) -> bool:
    if given not in _ANSWERS:
        raise LoyaltyError(Code.INVALID_SUBSCRIPTION_STATUS)
    return _ANSWERS[given]


def _number(given: str, code: Code) -> int | None:
    """An id of another system: any number that fits the column. Raises `LoyaltyError` with `code`."""
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 20 and int(given) <= MAX_ID):
        raise LoyaltyError(code)
    return int(given)
