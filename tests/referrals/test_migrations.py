"""Campaigns that were kept as JSON become rows, and JSON again; the database refuses a circle."""

from copy import deepcopy

import pytest
from django.db import IntegrityError, connection

from loyalty_project.db.errors import constraint_name
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.models import ReferralCampaignVersion
from referrals.links.models import ReferralLink
from tests.factories.organization_files import load, small, storing, whole
from tests.factories.referrals import Friends, open_campaign
from tests.migrations import carry_back, carry_over

pytestmark = pytest.mark.django_db
NAME = "0002_campaigns_of_organization_files"


def stored(organization: Organization) -> dict[str, object]:
    sections: dict[str, object] = Organization.objects.get(pk=organization.pk).stored_sections
    return sections


def test_campaigns_become_rows_and_the_same_json_again() -> None:
    keeping = storing("referral_campaigns")
    meridian, tiny = load(whole(), sections=keeping).organization, load(small(), sections=keeping).organization
    kept = deepcopy(stored(meridian)["referral_campaigns"])
    carry_over("referrals", NAME)
    assert "referral_campaigns" not in stored(meridian)
    assert stored(tiny) == {}
    with organization_scope(meridian):
        rows = ReferralCampaignVersion.objects.values_list("campaign__token", "campaign__is_default", "number")
        assert sorted(rows) == [("FRIENDS", True, 1), ("SUMMER", False, 1)]
    carry_back("referrals", NAME)
    assert stored(meridian)["referral_campaigns"] == kept


def test_the_database_refuses_a_circle(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    ravi = friends.refer(current).customer
    first = ReferralLink.objects.get()
    ReferralLink.objects.create(
        organization=friends.organization, code=first.code, campaign=first.campaign, version=first.version, referrer=ravi,
        referee=friends.asha, linked_at=first.linked_at, is_new_customer=False, made_by="till:x",
    )  # fmt: skip
    with connection.cursor() as cursor, pytest.raises(IntegrityError) as refused:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert constraint_name(refused.value) == "referral_without_circle"
