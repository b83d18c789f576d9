"""An item of POST customer/referrals: the referrer, the campaign, the rows, and the status of each (docs/protocol.md 4.11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from customers.lookup.references import write_order
from customers.lookup.services import KEYS, LookupQuery, LookupResult, look_up
from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import Item, text
from organizations.audit.actors import Actor
from organizations.configuration import Configuration
from referrals.campaigns.catalog import load_campaigns
from referrals.campaigns.eligibility import refusal_of
from referrals.invitations.requests import InvitationRow, InvitationType, Reader, read_types, token_of
from referrals.invitations.services import NewInvitation, invite


@dataclass(frozen=True, slots=True)
class Answered:
    """The referrer with the warnings of the look-up, and each type with its rows and their results."""

    customer: Customer
    notices: Sequence[Notice]
    types: Sequence[tuple[InvitationType, Sequence[tuple[InvitationRow, Code | None]]]]


def invite_all(item: Item, reader: Reader, *, configuration: Configuration, by: Actor) -> Answered:
    """Store the invitations of an item. A row that is refused has its code; the others are stored.

    Raises `LoyaltyError`, in this order: 1015, 1042, 400, 1011 or 1012 for the identifier; 618, 1013; 1202, 1203; 1204; 1206 or
    400 for the rows; and the first row's code if all are refused. Locks the customer. Call it in a transaction.
    """
    found = _look_up(item, reader)
    if found.customer_id is None:
        raise LoyaltyError(found.refusal or Code.IDENTIFIER_MISSING)
    customer = lock_customer(found.customer_id)
    refusal = refusal_of(customer, reader.policy)
    if refusal is not None and refusal is not Code.NOT_ELIGIBLE_FOR_REFERRAL:
        raise LoyaltyError(refusal)
    campaigns = configuration.part(load_campaigns)
    current = campaigns.usable(token_of(item), at=reader.now, zone=reader.zone)
    if refusal is not None:
        raise LoyaltyError(refusal)
    types = read_types(item, current.terms, reader)
    sound = [row for kind in types for row in kind.rows if row.refusal is None]
    invited = iter(
        invite(
            [
                NewInvitation(
                    customer=customer,
                    current=current,
                    channel=row.channel,
                    identifier=row.identifier,
                    name=row.name,
                    invited_at=row.invited_at,
                )
                for row in sound
            ],
            by=by,
            now=reader.now,
        )
    )
    answered = [(kind, [(row, row.refusal or next(invited).refusal) for row in kind.rows]) for kind in types]
    codes = [code for _, rows in answered for _, code in rows]
    if codes and all(code is not None for code in codes):
        raise LoyaltyError(codes[0] or Code.INVALID_INPUT)
    return Answered(customer, found.notices, answered)


def _look_up(item: Item, reader: Reader) -> LookupResult:
    """The customer of the first reference that the item has, in the order of writes (docs/protocol.md 2.4)."""
    references = {key: text(item, key) for key in KEYS}
    references["id"] = references["id"] or text(item, "user_id")
    key = next((key for key in write_order(reader.policy) if references.get(key)), "id")
    asked = LookupQuery(key=key, values=[references[key]])
    (found,) = look_up(asked, organization=reader.organization, policy=reader.policy, country_code=reader.country_code)
    return found
