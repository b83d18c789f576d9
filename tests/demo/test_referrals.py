"""Referrals of the demo."""

from pathlib import Path

from demo.organization import ORGANIZATION_FILE
from demo.referrals import refer_demo_friends
from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.tenancy.scoping import organization_scope
from referrals.invitations.models import Invitation
from referrals.links.models import ReferralLink
from referrals.rewards.models import Reward
from tests.factories.customers import CustomerFactory
from use_cases.organization_file import check_document, load_organization


def test_friends_come_and_one_waits_for_review(db: None) -> None:
    organization = load_organization(check_document(Path(ORGANIZATION_FILE).read_bytes(), environment={})).organization
    by = command_actor("load_demo", organization)
    with organization_scope(organization):
        customers = CustomerFactory.create_batch(48, organization=organization, with_identifiers=True)
        assert refer_demo_friends(customers[:0], by=by, now=clock.now()) == 0
        assert refer_demo_friends(customers, by=by, now=clock.now()) == ReferralLink.objects.count() == 7
        assert refer_demo_friends(customers, by=by, now=clock.now()) == 0
        assert Invitation.objects.filter(link=None).count() == 3
        assert {reward.link_id for reward in Reward.objects.filter(state="HELD")} == {ReferralLink.objects.latest("pk").pk}
        assert Reward.objects.filter(state="HELD").values_list("evidence", flat=True)[0] == ["EMAIL"]
