"""Rules of messages: their channels, and what a validation code is sent with. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from customers.identifiers.models import Identifier
from customers.outbox.models import OutboxMessage
from loyalty_project.protocol.numbers import plain_digits

Channel = OutboxMessage.Channel
SUBJECT: Final = "Your validation code"
# Rows are deleted after this time.
KEPT_FOR: Final = timedelta(days=30)
# The kind of identifier that a channel reaches.
KINDS: Final[Mapping[Channel, Identifier.Kind]] = {
    Channel.SMS: Identifier.Kind.MOBILE,
    Channel.EMAIL: Identifier.Kind.EMAIL,
}
_CHANNELS: Final[Mapping[str, Sequence[Channel]]] = {
    "SMS": (Channel.SMS,),
    "EMAIL": (Channel.EMAIL,),
    "BOTH": (Channel.SMS, Channel.EMAIL),
}


def channels_of(otp_channel: str) -> Sequence[Channel]:
    """The channels of a value of the policy OTP_CHANNEL."""
    return _CHANNELS[otp_channel]


def code_text(code: str, *, points: Decimal, organization: str, until: datetime, zone: ZoneInfo) -> str:
    """The text with a code that confirms a redemption of points; `until` is its expiry."""
    return (
        f"{code} is your code to redeem {plain_digits(points)} points at {organization}. "
        f"It is valid until {until.astimezone(zone):%H:%M}."
    )
