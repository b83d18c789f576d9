"""Consents in customer/get and customer/subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from subscriptions.models import Priority
from subscriptions.payloads import Answers, channel_rows, core_rows, optin_status
from subscriptions.rules import PRIORITIES, read_scope, read_word

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


_CONSENTS: Final = """(
        SELECT json_agg(json_build_array(consent.channel, consent.priority, consent.scope, consent.is_subscribed))::text
        FROM subscriptions_consent AS consent
        WHERE consent.organization_id = %(organization)s AND consent.customer_id = customer.id
    )"""


def _answers(rows: str | None) -> Answers:
    return {(channel, priority, scope): answer for channel, priority, scope, answer in (orjson.loads(rows) if rows else ())}


def _display(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    answers = _answers(values[0]) if values else {}
    payload: dict[str, Any] = {}
    if reading.wants("subscriptions"):
        payload["subscriptions"] = {"subscription": core_rows(answers)}
    if reading.wants("optin_status"):
        payload["optin_status"] = optin_status(answers)
    return payload


_SUBSCRIPTIONS: Final = Section(columns=(_CONSENTS,), display=_display, failure=Code.SUBSCRIPTIONS_UNAVAILABLE)


def subscriptions(reading: Reading) -> Section | None:
    """`subscriptions` and `optin_status` of customer/get, if requested. Empty with 91002 if the database fails them."""
    return _SUBSCRIPTIONS if reading.wants("subscriptions") or reading.wants("optin_status") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFilters:
    """What a read of customer/subscriptions shows. `channel` "": the listed channels; `limit` None: all of these."""

    channel: str
    priorities: Sequence[str]
    scope: str
    limit: int | None


def read_filters(reading: Reading) -> ConsentFilters:
    """The filters of a read. Raises `LoyaltyError`, in this order: 1101, 1102, 1103 or 1105, 400 for a malformed `limit`."""
    channel, priority = reading.query.get("channel", ""), reading.query.get("priority", "")
    return ConsentFilters(
        channel=read_word(channel, READABLE, Code.INVALID_CHANNEL) if channel else "",
        priorities=[read_word(priority, PRIORITIES, Code.INVALID_PRIORITY)] if priority else list(Priority.values),
        scope=read_scope(reading.query.get("scope", "")),
        limit=_limit(reading.query.get("limit", "")),
    )


def _display_channels(values: Values | None, customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    """`user_id` and `channel` of customer/subscriptions; nothing if the database does not give them."""
    if values is None:
        return {}
    filters = read_filters(reading)
    rows, comm_channels = values
    devices = {channel["type"] for channel in orjson.loads(comm_channels)}
    listed = [filters.channel] if filters.channel else [*LISTED, *(device for device in OF_DEVICES if device in devices)]
    channels = channel_rows(
        _answers(rows), channels=listed[: filters.limit], priorities=filters.priorities, scope=filters.scope
    )
    return {"user_id": str(customer.pk), "channel": channels}


CHANNELS: Final = Section(
    columns=(_CONSENTS, "customer.comm_channels::text"),
    display=_display_channels,
    failure=Code.SUBSCRIPTION_FAILED,
)


def _limit(given: str) -> int | None:
    """A whole number; None if blank or 0. Raises `LoyaltyError` 400."""
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < _LIMIT_DIGITS):
        raise LoyaltyError(Code.INVALID_INPUT)
    return int(given) or None
