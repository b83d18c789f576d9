"""Invitations of import files (docs/imports.md)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.profile.text import read_name
from loyalty_project.imports.cells import Values, moment_cell, refusal, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from referrals.campaigns.catalog import CampaignCatalog, CurrentCampaign
from referrals.campaigns.eligibility import refusal_of
from referrals.invitations.models import LONGEST_NAME
from referrals.invitations.requests import Reader, channel_of, read_identifier
from referrals.invitations.services import Invited, NewInvitation, invite

COLUMNS: Final = (*IDENTIFIERS, "campaign_token", "channel", "name", "identifier", "invited_on")
REQUIRED: Final = ("campaign_token", "channel", "identifier")
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "identifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRow:
    """An invitation as a file has it; "" and None: not supplied."""

    customer_id: int
    current: CurrentCampaign
    channel: str
    identifier: str
    name: str
    invited_at: datetime | None


def check_referral_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=REQUIRED)


def row_reader(campaigns: CampaignCatalog, reader: Reader) -> Callable[..., ReferralRow]:
    """The function that reads a row.

    It raises `LoyaltyError` 1202 and 1203 for the campaign as of `invited_on`, 1206 for the channel, 1001 or 1002 for the
    identifier, 400 for what is malformed.
    """

    def read(row: Values, *, customer_id: int) -> ReferralRow:
        invited_at = moment_cell(row, "invited_on", reader.zone)
        if invited_at is not None and invited_at > reader.now:
            raise refusal(row, "invited_on", "is in the future")
        token = text_cell(row, "campaign_token", is_required=True)
        current = campaigns.usable(token, at=invited_at or reader.now, zone=reader.zone)
        channel = channel_of(text_cell(row, "channel", is_required=True), current.terms)
        if channel is None:
            raise refusal(row, "channel", "is not a channel of the campaign", code=Code.REFERRAL_TYPE_NOT_SUPPORTED)
        identifier = read_identifier(channel, text_cell(row, "identifier", is_required=True), reader)
        if isinstance(identifier, Code):
            kind = "a mobile number" if identifier is Code.INVALID_MOBILE else "an e-mail address"
            raise refusal(row, "identifier", f"is not {kind}", code=identifier)
        name, _is_clean = read_name(text_cell(row, "name", most=LONGEST_NAME))
        return ReferralRow(
            customer_id=customer_id,
            current=current,
            channel=channel,
            identifier=identifier,
            name=name,
            invited_at=invited_at,
        )

    return read


def import_referrals(rows: Sequence[ReferralRow], *, by: Actor, now: datetime) -> list[RowStatus | LoyaltyError]:
    """Bring invitations to what the rows say; a status or refusal for each, later rows see earlier ones.

    Refused are referrers who may not refer (618, 1013, 1204), and invitees who were customers by then unless the campaign
    allows them (1204). Locks the customers. A constant number of statements.
    """
    customers = lock_customers({row.customer_id for row in rows})
    policy = by.organization.policy
    refusals = {pk: refusal_of(customer, policy) for pk, customer in customers.items()}
    sound = [row for row in rows if refusals[row.customer_id] is None]
    invited = iter(invite([_invitation(row, customers) for row in sound], by=by, now=now, is_history=True))
    outcomes = [Invited(refusal=code) if (code := refusals[row.customer_id]) else next(invited) for row in rows]
    return [_result(outcome) for outcome in outcomes]


def _result(outcome: Invited) -> RowStatus | LoyaltyError:
    if outcome.refusal is not None:
        return LoyaltyError(outcome.refusal)
    if outcome.is_new:
        return RowStatus.CREATED
    return RowStatus.UPDATED if outcome.is_changed else RowStatus.UNCHANGED


def _invitation(row: ReferralRow, customers: Mapping[int, Customer]) -> NewInvitation:
    return NewInvitation(
        customer=customers[row.customer_id],
        current=row.current,
        channel=row.channel,
        identifier=row.identifier,
        name=row.name,
        invited_at=row.invited_at,
    )
