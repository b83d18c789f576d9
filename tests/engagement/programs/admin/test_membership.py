"""The page on which staff set the tier of a member."""

from django.test import Client

from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Tier
from tests.back_office import page_of

MEMBERSHIPS = "engagement_membership"


def set_tier_page(membership: Membership) -> str:
    return page_of(MEMBERSHIPS, membership).replace("/change/", "/set-tier/")


def test_an_administrator_sets_a_tier_for_a_reason(administrator: Client, account: PointsAccount) -> None:
    membership = Membership.objects.get(customer=account.customer)
    silver = Tier.objects.get(program=membership.program, name="Silver")
    assert "It brings no gift" in administrator.get(set_tier_page(membership)).content.decode()
    sent = {"tier": silver.pk, "reason": "Promised on the telephone", "locked_until": "2099-12-31"}
    page = administrator.post(set_tier_page(membership), sent, follow=True).content.decode()
    assert "Set by a member of staff (Promised on the telephone)." in page
    membership.refresh_from_db()
    assert (membership.tier, str(membership.tier_locked_until)) == (silver, "2099-12-31")


def test_what_the_service_refuses_is_said_on_the_page(administrator: Client, account: PointsAccount) -> None:
    membership = Membership.objects.get(customer=account.customer)
    silver = Tier.objects.get(program=membership.program, name="Silver")
    sent = {"tier": silver.pk, "reason": "Promised on the telephone", "locked_until": "2020-01-01"}
    page = administrator.post(set_tier_page(membership), sent).content.decode()
    assert "The day until which the tier is locked is past." in page


def test_who_may_not_set_tiers_does_not(auditor: Client, account: PointsAccount) -> None:
    membership = Membership.objects.get(customer=account.customer)
    assert auditor.get(set_tier_page(membership)).status_code in {302, 403}
