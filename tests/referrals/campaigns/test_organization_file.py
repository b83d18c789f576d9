"""Referral campaigns of the organization file: rows, versions, and the file again."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from organizations.audit.models import AuditEntry
from organizations.organization_file.loading import LoadReport
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from tests.factories.organization_files import check, problems_of, small
from use_cases.organization_file import check_document, dump_organization, load_organization

pytestmark = pytest.mark.django_db
SERIES = {"code": "TENTH", "discount_type": "PERC", "discount_value": 10}
FRIENDS: dict[str, Any] = {
    "token": "FRIENDS",
    "name": "Bring a friend",
    "default": True,
    "kind": "REFERRAL",
    "starts": date(2020, 1, 1),
    "ends": date(2030, 12, 31),
    "channels": ["MOBILE", "EMAIL"],
    "allow_existing_customers": True,
    "reward_on": ["REGISTRATION", "TRANSACTION"],
    "referrer_reward": {"coupon_series": "TENTH", "points": 100},
    "referee_reward": {"points": Decimal("12.5")},
    "min_amount": 30,
    "waiting_days": 14,
    "reward_every": 2,
    "max_rewards": 20,
    "take_back_on_return": True,
}
MAILING: dict[str, Any] = {"token": "MAILING", "name": "Summer sale", "kind": "BULK"}


def loaded(*campaigns: dict[str, Any], dry_run: bool = False) -> LoadReport:
    document = {**small(), "coupon_series": [SERIES], "referral_campaigns": deepcopy(list(campaigns))}
    return load_organization(check(document), dry_run=dry_run)


def reload(organization: Organization) -> list[str]:
    """What loading its own dump changes."""
    return load_organization(check_document(dump_organization(organization).encode(), environment={})).lines


def versions(token: str) -> list[int]:
    return sorted(ReferralCampaignVersion.objects.filter(campaign__token=token).values_list("number", flat=True))


def test_a_campaign_gets_its_row_and_its_first_version() -> None:
    report = loaded(FRIENDS)
    assert report.lines[-1] == "referral_campaigns[0]: created referral campaign FRIENDS"
    assert report.stored == []
    with organization_scope(report.organization):
        campaign = ReferralCampaign.objects.get()
        assert (campaign.token, campaign.is_default, campaign.is_active) == ("FRIENDS", True, True)
        terms = ReferralCampaignVersion.objects.get().terms
    assert terms == {
        **{key: value for key, value in FRIENDS.items() if key not in {"token", "default"}},
        "starts": "2020-01-01", "ends": "2030-12-31",
    }  # fmt: skip


def test_the_dump_of_campaigns_loads_without_a_change() -> None:
    organization = loaded(FRIENDS, MAILING).organization
    assert reload(organization) == []
    assert loaded(FRIENDS, MAILING).lines == []


def test_changed_terms_add_a_version_and_print_the_difference() -> None:
    loaded(FRIENDS)
    report = loaded({**FRIENDS, "waiting_days": 7})
    assert report.lines == ["referral_campaigns[0].waiting_days: 14 -> 7"]
    with organization_scope(report.organization):
        assert versions("FRIENDS") == [1, 2]
        audited = AuditEntry.objects.filter(object_type="referralcampaignversion")
        assert list(audited.values_list("action", flat=True)) == ["created", "created"]


def test_the_default_goes_to_another_campaign() -> None:
    loaded(FRIENDS, MAILING)
    report = loaded({**FRIENDS, "default": False}, {**MAILING, "default": True})
    assert set(report.lines) == {"referral_campaigns[0].default: true -> false", "referral_campaigns[1].default: false -> true"}
    with organization_scope(report.organization):
        assert ReferralCampaign.objects.get(is_default=True).token == "MAILING"
        assert versions("FRIENDS") == [1]


def test_a_campaign_that_the_file_drops_is_switched_off_and_stays() -> None:
    loaded(FRIENDS, MAILING)
    report = loaded(MAILING)
    assert report.lines == [
        "referral campaign FRIENDS.default: true -> false",
        "referral campaign FRIENDS: no longer named, deactivated",
    ]
    assert reload(report.organization) == []
    assert loaded(FRIENDS, MAILING).lines == [
        "referral_campaigns[0].default: false -> true",
        "referral_campaigns[0].active: false -> true",
    ]


def test_a_dry_run_leaves_no_campaign() -> None:
    organization = loaded().organization
    assert loaded(FRIENDS, dry_run=True).lines == ["referral_campaigns[0]: created referral campaign FRIENDS"]
    with organization_scope(organization):
        assert not ReferralCampaign.objects.exists()


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"waiting_days": -1}, "waiting_days", "must be from 0 to 3650"),
        ({"reward_every": 0}, "reward_every", "must be from 1 to 1000000"),
        ({"max_rewards": 0}, "max_rewards", "must be from 1 to 1000000"),
        ({"min_amount": -1}, "min_amount", "must be at least 0"),
        ({"ends": date(2019, 1, 1)}, "ends", "must not be before starts"),
        ({"referrer_reward": {"coupon_series": "NONE"}}, "referrer_reward.coupon_series", "there is no coupon series 'NONE'"),
    ],
)
def test_malformed_keys_are_problems(changes: dict[str, Any], key: str, message: str) -> None:
    document = {**small(), "coupon_series": [SERIES], "referral_campaigns": [{**FRIENDS, **changes}]}
    assert problems_of(document) == {f"referral_campaigns[0].{key}": message}
