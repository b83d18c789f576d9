"""Linking referees to their referrers (docs/protocol.md 2.7 "MLM", 4.1, 5: code 1009)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, QuerySet

from customers.profile.models import Customer
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_with_ids
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.tenancy.statements import fetch_rows, write_rows
from referrals.campaigns.catalog import CampaignCatalog
from referrals.campaigns.eligibility import refusal_of
from referrals.links.models import ReferralLink
from referrals.referral_codes.services import SharedCode

# The code of each broken constraint, if a race gets past the locks: the same call may succeed later.
CONSTRAINTS: Final[Mapping[str, Code]] = {
    "referral_one_referrer": Code.PROFILE_NOT_UPDATED,
    "referral_not_of_oneself": Code.PROFILE_NOT_UPDATED,
    "referral_without_circle": Code.PROFILE_NOT_UPDATED,
}
# Those of the customers `members` (ids) who were referred, directly or not, by the customer in the same position of `above`.
# A merged customer stands for the survivor. UNION ends the walk where merges closed a circle.
_BELOW: Final = """
WITH RECURSIVE line AS (
    SELECT given.member, given.above, given.member AS reached
    FROM unnest(%(members)s::bigint[], %(above)s::bigint[]) AS given (member, above)
    UNION
    SELECT line.member, line.above, coalesce(parent.merged_into_id, parent.id)
    FROM line
    JOIN customers_customer AS own ON own.organization_id = %(organization)s
        AND (own.id = line.reached OR own.merged_into_id = line.reached)
    JOIN referrals_referrallink AS link ON link.organization_id = %(organization)s AND link.referee_id = own.id
    JOIN customers_customer AS parent ON parent.organization_id = %(organization)s AND parent.id = link.referrer_id
)
SELECT DISTINCT member, above FROM line WHERE reached = above AND member <> above
"""
# Marks the invitations of which these links are the success: the referee has the invited number or address.
_ACCEPT: Final = """
UPDATE referrals_invitation AS invitation SET link_id = link.id
FROM referrals_referrallink AS link
JOIN referrals_referralcode AS code ON code.organization_id = %(organization)s AND code.id = link.code_id
JOIN customers_identifier AS known ON known.organization_id = %(organization)s AND known.customer_id = link.referee_id
    AND known.state = 'CURRENT'
WHERE link.organization_id = %(organization)s AND link.id = ANY(%(links)s::bigint[])
    AND invitation.organization_id = %(organization)s AND invitation.link_id IS NULL
    AND invitation.customer_id IN (code.customer_id, link.referrer_id) AND invitation.campaign_id = link.campaign_id
    AND lower(invitation.channel) = known.kind AND invitation.identifier = known.value
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A stored customer who gave a referral code. `shared` is None if nobody has the code."""

    referee: Customer
    shared: SharedCode | None
    is_new: bool


def link_referees(
    requests: Sequence[LinkRequest],
    *,
    customers: Mapping[int, Customer],
    campaigns: CampaignCatalog,
    by: Actor,
    now: datetime,
) -> list[ReferralLink | None]:
    """Link each referee to the referrer of the code; None where that is refused (1009), in order.

    Refused are unknown codes, campaigns that do not run, referrers who may not refer, oneself, a referee who was referred by
    another code or is above the referrer in the tree, and customers who are known already unless the campaign allows them. The
    same code again changes nothing. At most six statements for any number.

    `customers` are referrers and referees, locked by the caller. The uniqueness of the referee, and a deferred trigger against
    circles, are underneath (`CONSTRAINTS`). Call it in a transaction.
    """
    present = links_of({request.referee.pk for request in requests})
    sound: dict[int, LinkRequest] = {}
    for request in requests:
        if request.referee.pk not in present and _is_sound(request, customers, campaigns, by, now):
            sound.setdefault(request.referee.pk, request)
    sound = _without_circles(sound)
    made = {pk: _new_link(request, campaigns, by, now) for pk, request in sound.items()}
    if made:
        insert_with_ids(list(made.values()))
        write_rows(_ACCEPT, {"links": [link.pk for link in made.values()]})
    results: list[ReferralLink | None] = []
    for request in requests:
        link = made.get(request.referee.pk) or present.get(request.referee.pk)
        is_same = link is not None and request.shared is not None and link.code_id == request.shared.row.pk
        results.append(link if is_same else None)
    return results


def links_of(customers: Collection[int]) -> dict[int, ReferralLink]:
    """The link by which each of these customers (ids) came, with both sides, by customer: one query, none without customers.

    A customer's own comes before those of customers merged into them, the earliest of these first.
    """
    if not customers:
        return {}
    found: dict[int, ReferralLink] = {}
    rows = _of_referees(customers).select_related("referee", "referrer", "version__campaign", "code").order_by("pk")
    for link in sorted(rows, key=lambda link: link.referee.merged_into_id is not None):
        found.setdefault(link.referee_now, link)
    return found


def referrers_of(customers: Collection[int]) -> set[int]:
    """Those who referred these customers (ids): to be locked with them. One query, none without customers."""
    if not customers:
        return set()
    rows = _of_referees(customers).order_by().values_list("referrer_id", "referrer__merged_into_id")
    return {merged_into or pk for pk, merged_into in rows}


def _of_referees(customers: Collection[int]) -> QuerySet[ReferralLink]:
    own = Customer.objects.filter(is_any_of("merged_into_id", customers, BigIntegerField()))
    return ReferralLink.objects.filter(is_any_of("referee_id", customers, BigIntegerField())) | ReferralLink.objects.filter(
        referee__in=own.values("pk")
    )


def _is_sound(
    request: LinkRequest, customers: Mapping[int, Customer], campaigns: CampaignCatalog, by: Actor, now: datetime
) -> bool:
    shared, organization = request.shared, by.organization
    referrer = customers.get(shared.referrer_id) if shared else None
    if shared is None or referrer is None or referrer.pk == request.referee.pk:
        return False
    # A campaign that is newer than the call's configuration is not known yet.
    current = campaigns.by_id.get(shared.row.campaign_id)
    if current is None or not current.is_usable(now, organization.zone):
        return False
    if refusal_of(referrer, organization.policy) is not None:
        return False
    return request.is_new or current.terms.allows_existing


def _without_circles(requests: Mapping[int, LinkRequest]) -> dict[int, LinkRequest]:
    """The requests, by referee, without those that would close a circle in the tree, with each other or with what is stored."""
    asked = [(pk, request.shared.referrer_id) for pk, request in requests.items() if request.shared is not None]
    # A new customer has referred nobody yet; of known ones the tree is asked.
    known = [(referrer, pk) for pk, referrer in asked if not requests[pk].is_new]
    if not known:
        return dict(requests)
    members, above = zip(*known, strict=True)
    below = set(fetch_rows(_BELOW, {"members": list(members), "above": list(above)}))
    sound: dict[int, LinkRequest] = {}
    parents: dict[int, int] = {}
    for pk, referrer in asked:
        reached: int | None = referrer
        while reached is not None and reached != pk:
            reached = parents.get(reached)
        if (referrer, pk) not in below and reached is None:
            sound[pk], parents[pk] = requests[pk], referrer
    return sound


def _new_link(request: LinkRequest, campaigns: CampaignCatalog, by: Actor, now: datetime) -> ReferralLink:
    assert request.shared is not None  # noqa: S101 - `_is_sound`
    row = request.shared.row
    current = campaigns.by_id[row.campaign_id]
    return ReferralLink(
        organization=by.organization,
        code=row,
        campaign=current.campaign,
        version=current.version,
        referrer_id=request.shared.referrer_id,
        referee=request.referee,
        linked_at=now,
        is_new_customer=request.is_new,
        till=by.till,
        store=by.store,
        made_by=by.name,
    )
