"""May a customer be written to? The rule that whatever sends messages must ask (docs/protocol.md 4.14)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from customers.identifiers.models import Identifier
from subscriptions.models import Channel

# By which identifier a channel reaches somebody.
ADDRESSES: Final[Mapping[str, str]] = {Channel.SMS: Identifier.Kind.MOBILE, Channel.EMAIL: Identifier.Kind.EMAIL}
_UNREACHABLE: Final[Mapping[str, str]] = {Channel.SMS: "no mobile number", Channel.EMAIL: "no e-mail address"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a message may go out, and why, in words that follow a "yes" or "no"."""

    is_allowed: bool
    why: str


def may_send(channel: str, *, is_subscribed: bool | None, opt_in_type: str, known_by: Collection[str]) -> Verdict:
    """Whether a customer who said `is_subscribed` (None: nothing) to a channel and priority may be sent such a message.

    `opt_in_type` is the organization's OPT_IN_TYPE, `known_by` the kinds of identifiers that the customer has. Each priority is
    judged by its own consent. With DOUBLE a yes is one that was confirmed: callers record it no sooner (docs/protocol.md 4.14).
    """
    if ADDRESSES[channel] not in known_by:
        return Verdict(is_allowed=False, why=_UNREACHABLE[channel])
    if is_subscribed is not None:
        return Verdict(is_subscribed, "subscribed" if is_subscribed else "unsubscribed")
    if opt_in_type == "SINGLE":
        return Verdict(is_allowed=True, why="has not unsubscribed")
    return Verdict(is_allowed=False, why="has not subscribed")
