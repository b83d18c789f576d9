"""Referrals of the demo: members who invite friends, friends who register with their code, one of them held for review."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from referrals.campaigns.catalog import load_campaigns
from referrals.invitations.services import NewInvitation, invite
from referrals.links.models import ReferralLink
from referrals.referral_codes.models import ReferralCode
from referrals.referral_codes.services import ensure_codes
from use_cases.registration import Registration, register_all

# Every so many customers one may refer others; the first of them do.
_EVERY: Final = 12
_REFERRERS: Final = 4
# First and last name of the friends, and the number of the referrer who invited each. The rest did not come.
_FRIENDS: Final = (
    ("Greta", "Ashdown", 0),
    ("Noel", "Whynot", 0),
    ("Iris", "Langille", 1),
    ("Tobias", "Penhale", 2),
    ("Wren", "Cutler", 2),
    ("Odette", "Gagné", 3),
)
_INVITED_ONLY: Final = (("Jules", "Côté", 0), ("Petra", "Oakley", 1), ("Sven", "Fraser", 3))
_DAYS_BEFORE: Final = 9


def refer_demo_friends(customers: Sequence[Customer], *, by: Actor, now: datetime) -> int:
    """Let some of the customers invite friends, of which most register; the number of referrals.

    One friend has the referrer's own address with a tag: that reward waits for review. Does nothing if there are referrals
    already, of an older edition or of a user. Call it in a transaction.
    """
    if ReferralLink.objects.exists():
        return 0
    current = current_configuration().part(load_campaigns).default
    candidates = _candidates(customers)
    if current is None or not candidates:
        return 0
    held = lock_customers([customer.pk for customer in candidates])
    ensure_codes(held, campaign_id=current.campaign.pk, policy=by.organization.policy, now=now)
    codes = dict(ReferralCode.objects.filter(customer__in=held).values_list("customer", "code"))
    referrers = [customer for customer in candidates if customer.pk in codes][:_REFERRERS]
    if not referrers:
        return 0
    friends = [(first, last, referrers[number % len(referrers)]) for first, last, number in (*_FRIENDS, *_INVITED_ONLY)]
    invite(
        [
            NewInvitation(
                customer=held[referrer.pk],
                current=current,
                channel="EMAIL",
                identifier=_address(first, last),
                name=f"{first} {last}",
                invited_at=now - timedelta(days=_DAYS_BEFORE),
            )
            for first, last, referrer in friends
        ],
        by=by,
        now=now,
    )
    items = [
        {"firstname": first, "lastname": last, "email": _address(first, last), "referral_code": codes[referrer.pk]}
        for first, last, referrer in friends[: len(_FRIENDS)]
    ]
    items += [_alias(referrers, codes)]
    context = load_input_context(items, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in items]
    results = register_all(inputs, options=RegistrationOptions(), context=context, by=by)
    return sum(isinstance(result, Registration) for result in results)


def _candidates(customers: Sequence[Customer]) -> list[Customer]:
    ids = [customer.pk for customer in customers[::_EVERY]]
    alone = Customer.objects.filter(pk__in=ids, merged_into=None, type="LOYALTY", identifiers__kind="email")
    return list(alone.filter(identifiers__state="CURRENT").distinct().order_by("pk"))


def _address(first: str, last: str) -> str:
    plain = f"{first}.{last}".lower().translate(str.maketrans("éôç", "eoc"))
    return f"friend.{plain}@example.com"


def _alias(referrers: Sequence[Customer], codes: dict[int, str]) -> dict[str, str]:
    """The last referrer's second account: the own address with a tag."""
    owner = referrers[-1]
    address = owner.identifiers.get(kind="email", state="CURRENT").value
    local, _, domain = address.partition("@")
    return {
        "firstname": owner.firstname,
        "lastname": owner.lastname,
        "email": f"{local}+second@{domain}",
        "referral_code": codes[owner.pk],
    }
