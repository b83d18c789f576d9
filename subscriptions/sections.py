"""Consents in customer/get and customer/subscriptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from customers.profile.models import Customer
from customers.profile.reading import Payloads, Reading
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from subscriptions.models import Consent, Priority
from subscriptions.payloads import channel_rows, core_rows, optin_status
from subscriptions.rules import PRIORITIES, Pair, read_scope, read_word
from subscriptions.services import consents_of

# Listed for every customer, and for customers with such a device (docs/protocol.md 4.14).
LISTED: Final = ("SMS", "POSTMAIL", "EMAIL")
OF_DEVICES: Final = ("ANDROID", "IOS")
_LIMIT_DIGITS: Final = 10
# Channels that may be requested; most of them cannot be chosen yet.
READABLE: Final = frozenset(
    {
        *LISTED,
        *OF_DEVICES,
        "WECHAT",
        "SOCIAL",
        "REMINDER_TEXT",
        "RE_ISSUAL_TEXT",
        "CLIENT",
        "LINE",
        "WHATSAPP",
        "PUSH",
    }
)


def subscriptions(ids: Sequence[int], reading: Reading) -> Payloads:
    """`subscriptions` and `optin_status` of customer/get, if requested. One query. Empty with 91002 if it fails."""
    wants_rows, wants_status = reading.wants("subscriptions"), reading.wants("optin_status")
    if not (wants_rows or wants_status):
        return {}
    consents: Mapping[int, Mapping[Pair, Consent]] = {}
    with reading.may_fail(Code.SUBSCRIPTIONS_UNAVAILABLE):
        consents = consents_of(ids)
    payloads: dict[int, dict[str, Any]] = {pk: {} for pk in ids}
    for pk, payload in payloads.items():
        if wants_rows:
            payload["subscriptions"] = {"subscription": core_rows(consents.get(pk, {}))}
        if wants_status:
            payload["optin_status"] = optin_status(consents.get(pk, {}))
    return payloads


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReading(Reading):
    """A read of customer/subscriptions. `channel` "": the listed channels; `limit` None: all of these."""

    channel: str
    priorities: Sequence[str]
    scope: str
    limit: int | None


def read_filters(reading: Reading) -> ConsentReading:
    """The filters of a read. Raises `LoyaltyError`, in this order: 1101, 1102, 1103 or 1105, 400 for a malformed `limit`."""
    channel, priority = reading.query.get("channel", ""), reading.query.get("priority", "")
    return ConsentReading(
        organization=reading.organization,
        policy=reading.policy,
        query=reading.query,
        channel=read_word(channel, READABLE, Code.INVALID_CHANNEL) if channel else "",
        priorities=[read_word(priority, PRIORITIES, Code.INVALID_PRIORITY)] if priority else list(Priority.values),
        scope=read_scope(reading.query.get("scope", "")),
        limit=_limit(reading.query.get("limit", "")),
    )


def channels(ids: Sequence[int], reading: ConsentReading) -> Payloads:
    """`user_id` and `channel` of customer/subscriptions. One query, and one for devices unless a channel is requested."""
    consents = consents_of(ids)
    listed = {pk: [reading.channel] for pk in ids} if reading.channel else _listed(ids)
    return {
        pk: {
            "user_id": str(pk),
            "channel": channel_rows(
                consents[pk], channels=names[: reading.limit], priorities=reading.priorities, scope=reading.scope
            ),
        }
        for pk, names in listed.items()
    }


def _listed(ids: Sequence[int]) -> dict[int, list[str]]:
    """The channels listed for each customer if none is requested."""
    rows = Customer.objects.filter(pk__in=ids).values_list("pk", "comm_channels")
    devices = {pk: {channel["type"] for channel in comm_channels} for pk, comm_channels in rows}
    return {pk: [*LISTED, *(device for device in OF_DEVICES if device in types)] for pk, types in devices.items()}


def _limit(given: str) -> int | None:
    """A whole number; None if blank or 0. Raises `LoyaltyError` 400."""
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < _LIMIT_DIGITS):
        raise LoyaltyError(Code.INVALID_INPUT)
    return int(given) or None
