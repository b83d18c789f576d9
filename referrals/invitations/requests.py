"""Invitations as a till sends them: reading of an item's types and rows (docs/protocol.md 4.11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from customers.identifiers.values import read_email
from customers.profile.text import read_name
from loyalty_project.phone_numbers import read_mobile
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from loyalty_project.protocol.values import MOST_ROWS, Item, child, optional, rows, text
from organizations.policies import Policy
from organizations.tenancy.models import Organization
from organizations.tenancy.phone_numbers import mobile_reading
from referrals.campaigns.rules import CampaignTerms
from referrals.invitations.models import LONGEST_NAME, Invitation

Channel: Final = Invitation.Channel
# Words for a channel, with the one that is stored and printed.
_CHANNELS: Final[Mapping[str, str]] = {"MOBILE": Channel.MOBILE, "SMS": Channel.MOBILE, "EMAIL": Channel.EMAIL}
_LONGEST_ECHO: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """A row as it was sent: `echo` is printed back. `refusal` is its code, else the row can be stored."""

    channel: str
    identifier: str = ""
    name: str = ""
    invited_at: datetime
    echo: Mapping[str, Any]
    refusal: Code | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Channel and identifier: what is invited once."""
        return self.channel, self.identifier


@dataclass(frozen=True, slots=True)
class InvitationType:
    """The rows of one type, as it is printed."""

    name: str
    rows: Sequence[InvitationRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Context in which rows are read."""

    organization: Organization
    policy: Policy
    country_code: str
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return self.organization.zone


def token_of(item: Item) -> str:
    """The token of the campaign; "" for the default one."""
    return optional(child(item, "referrals"), "campaign_token")


def read_types(item: Item, terms: CampaignTerms, reader: Reader) -> list[InvitationType]:
    """The types of an item with their rows.

    A row is refused with 1206 for a type that does not exist or that the campaign does not have, 1001 or 1002 for a malformed
    number or address. Raises `LoyaltyError` 1206 for such a type without rows, 400 for an item without rows, or with more than
    100 of them.
    """
    types = [_read_type(given, terms, reader) for given in rows(child(item, "referrals"), "referral_type", "referral_type")]
    if not 0 < sum(len(kind.rows) for kind in types) <= MOST_ROWS:
        unsupported = [kind for kind in types if channel_of(kind.name, terms) is None]
        raise LoyaltyError(Code.REFERRAL_TYPE_NOT_SUPPORTED if unsupported and not _rows_of(types) else Code.INVALID_INPUT)
    return types


def channel_of(word: str, terms: CampaignTerms) -> str | None:
    """The channel that a word names, SMS as MOBILE; None if there is none, or the campaign does not have it."""
    channel = _CHANNELS.get(word.upper())
    return channel if channel in terms.channels else None


def read_identifier(channel: str, given: str, reader: Reader) -> str | Code:
    """A number or address in stored form; 1001 or 1002 if it is malformed."""
    if channel == Channel.EMAIL:
        return read_email(given) or Code.INVALID_EMAIL
    reading = mobile_reading(reader.organization, reader.policy, reader.country_code)
    return read_mobile(given, **reading) or Code.INVALID_MOBILE


def _rows_of(types: Sequence[InvitationType]) -> list[InvitationRow]:
    return [row for kind in types for row in kind.rows]


def _read_type(given: Item, terms: CampaignTerms, reader: Reader) -> InvitationType:
    word = text(given, "type")
    channel = channel_of(word, terms)
    listed = rows(given, "referral", "referral")
    return InvitationType(channel or word[:_LONGEST_ECHO], [_read_row(row, channel, reader) for row in listed])


def _read_row(given: Item, channel: str | None, reader: Reader) -> InvitationRow:
    sent = text(given, "identifier")
    invited_on = text(given, "invited_on")
    identifier = Code.REFERRAL_TYPE_NOT_SUPPORTED if channel is None else read_identifier(channel, sent, reader)
    name, _is_clean = read_name(text(given, "name"))
    written = reader.now.astimezone(reader.zone).strftime("%Y-%m-%d %H:%M:%S")
    echo = {
        "id": text(given, "id")[:_LONGEST_ECHO],
        "name": text(given, "name")[:_LONGEST_ECHO],
        "identifier": sent[:_LONGEST_ECHO],
        "invited_on": invited_on[:_LONGEST_ECHO] or written,
    }
    return InvitationRow(
        channel=channel or "",
        identifier="" if isinstance(identifier, Code) else identifier,
        name=name[:LONGEST_NAME],
        invited_at=read_moment(invited_on, reader.zone) or reader.now,
        echo=echo,
        refusal=identifier if isinstance(identifier, Code) else None,
    )
