"""Referral codes of registrations: links to the referrers, and rewards of registering (docs/protocol.md 2.7, 4.1, 4.11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import Error

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.registration.input import CustomerInput
from engagement.events.deferral import defer_event
from engagement.points.errors import points_code
from engagement.programs.catalog import ProgramCatalog
from loyalty_project.db.savepoints import confined
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from referrals.campaigns.catalog import CampaignCatalog
from referrals.links.events import Occurrence
from referrals.links.models import RefereeEvent, ReferralLink
from referrals.links.services import LinkRequest, link_referees, links_of
from referrals.referral_codes.services import SharedCode, find_codes, folded
from referrals.rewards.services import Rewarded, reward_events

# Kind of a deferred event: the rewards of a registration. The payload has the moment.
REFERRAL: Final = "referral"
SharedCodes = Mapping[str, SharedCode]


def find_shared_codes(inputs: Sequence[CustomerInput]) -> SharedCodes:
    """The referral codes that the inputs name, by their folded form: one query, none without codes."""
    return find_codes(given.referral_code for given in inputs if given.referral_code)


def referrers_among(inputs: Sequence[CustomerInput], codes: SharedCodes) -> set[int]:
    """The referrers (ids) of these inputs, who are locked together with the customers of the batch."""
    named = (codes.get(folded(given.referral_code)) for given in inputs if given.referral_code)
    return {shared.referrer_id for shared in named if shared is not None}


def link_all(
    joining: Sequence[tuple[Customer, CustomerInput, bool]],
    codes: SharedCodes,
    *,
    customers: Mapping[int, Customer],
    campaigns: CampaignCatalog,
    by: Actor,
    now: datetime,
) -> list[ReferralLink | None]:
    """The link of each customer whose input names a code, with the flag whether they are new; None where it failed (1009)."""
    requests = [
        LinkRequest(referee=customer, shared=codes.get(folded(given.referral_code)), is_new=is_new)
        for customer, given, is_new in joining
    ]
    return link_referees(requests, customers=customers, campaigns=campaigns, by=by, now=now)


def reward_registrations(
    customers: Mapping[int, Customer],
    *,
    catalog: ProgramCatalog,
    by: Actor,
    now: datetime,
    at: datetime,
    locked: Mapping[int, Customer] | None = None,
) -> dict[int, Rewarded]:
    """Reward the registrations of those of these customers who came by a referral, by the customer's id.

    They have become loyalty customers by now. They are locked, and `locked` ones too; referrers who are in neither are locked
    here. One query if nobody was referred. Call it in a transaction.
    """
    links = links_of(customers)
    if not links:
        return {}
    held = {**(locked or {}), **customers}
    held |= lock_customers({link.referrer_now for link in links.values()} - held.keys(), may_be_erased=True)
    occurrences = [Occurrence(link=link, kind=RefereeEvent.Kind.REGISTRATION, at=at) for link in links.values()]
    made = reward_events(occurrences, customers=held, catalog=catalog, by=by, now=now)
    return {pk: made[link.pk] for pk, link in links.items() if link.pk in made}


def reward_or_defer(
    customers: Mapping[int, Customer],
    *,
    locked: Mapping[int, Customer],
    catalog: ProgramCatalog,
    by: Actor,
    now: datetime,
) -> dict[int, Rewarded]:
    """`reward_registrations` as a step of its own: if it fails, a single customer is still saved, and a worker gives them."""
    try:
        with confined():
            return reward_registrations(customers, catalog=catalog, by=by, now=now, at=now, locked=locked)
    except Error as error:
        code = points_code(error)
        if code is None or len(customers) != 1:
            raise
        ((pk, customer),) = customers.items()
        defer_rewards(customer, by=by, at=now)
        return {pk: Rewarded(notices=[Notice(code)])}


def defer_rewards(customer: Customer, *, by: Actor, at: datetime) -> None:
    """Leave the rewards of a registration to a worker."""
    defer_event(customer=customer, kind=REFERRAL, payload={"at": at.isoformat()}, by=by)
