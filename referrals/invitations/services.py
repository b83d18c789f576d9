"""Inviting: storing the invitations of a customer, each number or address once in a campaign (docs/protocol.md 4.11)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, CharField

from customers.lookup.statement import find_customers
from customers.profile.models import Customer
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.policies import Policy
from referrals.campaigns.catalog import CurrentCampaign
from referrals.invitations.models import Invitation

# The code of each broken constraint, if a race gets past the customer's lock: the same call may succeed later.
CONSTRAINTS: Final[Mapping[str, Code]] = {"invitation_unique": Code.REFERRAL_SYSTEM_ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """An invitation as it was sent or imported, of a locked customer. "" and None: not supplied."""

    customer: Customer
    current: CurrentCampaign
    channel: str
    identifier: str
    name: str = ""
    invited_at: datetime | None = None

    @property
    def key(self) -> tuple[int, int, str, str]:
        """What is invited once."""
        return self.customer.pk, self.current.campaign.pk, self.channel, self.identifier


@dataclass(slots=True, kw_only=True)
class Invited:
    """Result of an invitation: refused with a code, or stored now or before; `is_changed` by another name or time."""

    refusal: Code | None = None
    is_new: bool = False
    is_changed: bool = False


def invite(invitations: Sequence[NewInvitation], *, by: Actor, now: datetime, is_history: bool = False) -> list[Invited]:
    """Store invitations in their order, each after the one before. At most five queries for any number.

    1204 for a number or address of a customer, unless the campaign allows them. A repeated invitation changes nothing. With
    `is_history` only customers count who had registered when they were invited, and a name or time that is supplied replaces
    the stored one. Call it in a transaction that holds the customers' locks; `invitation_unique` is underneath.
    """
    registered = _registered(invitations, by.organization.policy)
    stored = _stored(invitations)
    new: list[Invitation] = []
    changed: dict[int, Invitation] = {}
    results: list[Invited] = []
    for given in invitations:
        known = registered.get((given.channel, given.identifier))
        moment = (given.invited_at if is_history else None) or now
        is_barred = known is not None and known <= moment
        row = stored.get(given.key)
        if is_barred and not given.current.terms.allows_existing and row is None:
            results.append(Invited(refusal=Code.NOT_ELIGIBLE_FOR_REFERRAL))
            continue
        if row is None:
            row = stored[given.key] = _row(given, by=by, now=now)
            new.append(row)
            results.append(Invited(is_new=True))
            continue
        is_changed = is_history and _update(row, given)
        if is_changed and row.pk is not None:
            changed[row.pk] = row
        results.append(Invited(is_changed=is_changed))
    insert_rows(new)
    update_rows(list(changed.values()), ["name", "invited_at"])
    return results


def _registered(invitations: Collection[NewInvitation], policy: Policy) -> dict[tuple[str, str], datetime]:
    """When the customers of invited numbers and addresses registered: a query for each channel."""
    found: dict[tuple[str, str], datetime] = {}
    for channel in Invitation.Channel.values:
        values = {given.identifier for given in invitations if given.channel == channel}
        for value, hit in find_customers(channel.lower(), values, policy).items():
            found[channel, value] = hit.customer.registered_on
    return found


def _stored(invitations: Collection[NewInvitation]) -> dict[tuple[int, int, str, str], Invitation]:
    rows = Invitation.objects.filter(
        is_any_of("customer_id", {given.customer.pk for given in invitations}, BigIntegerField()),
        is_any_of("campaign_id", {given.current.campaign.pk for given in invitations}, BigIntegerField()),
        is_any_of("identifier", {given.identifier for given in invitations}, CharField()),
    )
    return {(row.customer_id, row.campaign_id, row.channel, row.identifier): row for row in rows}


def _row(given: NewInvitation, *, by: Actor, now: datetime) -> Invitation:
    return Invitation(
        organization=by.organization,
        campaign=given.current.campaign,
        customer_id=given.customer.pk,
        channel=given.channel,
        identifier=given.identifier,
        name=given.name,
        invited_at=given.invited_at or now,
        recorded_at=now,
        till=by.till,
        store=by.store,
        made_by=by.name,
    )


def _update(row: Invitation, given: NewInvitation) -> bool:
    name, invited_at = given.name or row.name, given.invited_at or row.invited_at
    is_changed = (name, invited_at) != (row.name, row.invited_at)
    row.name, row.invited_at = name, invited_at
    return is_changed
