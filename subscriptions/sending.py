"""The rule whether a message may be sent to a customer; every sender must check it (docs/protocol.md 4.14)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_noop

from customers.identifiers.models import Identifier
from subscriptions.models import Channel

# The kind of identifier that a channel needs.
ADDRESSES: Final[Mapping[str, str]] = {Channel.SMS: Identifier.Kind.MOBILE, Channel.EMAIL: Identifier.Kind.EMAIL}
_UNREACHABLE: Final[Mapping[str, str]] = {
    Channel.SMS: gettext_noop("no mobile number"),
    Channel.EMAIL: gettext_noop("no e-mail address"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a message may be sent, with the reason as text."""

    is_allowed: bool
    why: str


def may_send(channel: str, *, is_subscribed: bool | None, opt_in_type: str, known_by: Collection[str]) -> Verdict:
    """Whether a message of a channel and priority may be sent to a customer who chose `is_subscribed` (None: no choice).

    `opt_in_type` is the organization's OPT_IN_TYPE, `known_by` the kinds of identifiers of the customer. Each priority has its
    own consent. With DOUBLE, callers record a yes only after it is confirmed (docs/protocol.md 4.14).
    """
    if ADDRESSES[channel] not in known_by:
        return Verdict(is_allowed=False, why=_UNREACHABLE[channel])
    if is_subscribed is not None:
        return Verdict(is_subscribed, gettext_noop("subscribed") if is_subscribed else gettext_noop("unsubscribed"))
    if opt_in_type == "SINGLE":
        return Verdict(is_allowed=True, why=gettext_noop("has not unsubscribed"))
    return Verdict(is_allowed=False, why=gettext_noop("has not subscribed"))
