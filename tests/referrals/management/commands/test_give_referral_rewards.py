"""The nightly command that gives what campaigns promised."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from referrals.rewards.models import Reward
from tests.factories.referrals import Friends, open_campaign

pytestmark = pytest.mark.django_db


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("give_referral_rewards", *options, stdout=out)
    return out.getvalue()


def test_what_is_due_is_given_once(friends: Friends) -> None:
    friends.refer(open_campaign(friends.organization, waiting_days=3))
    assert run("--all") == "northwind: rewards given: 0\n"
    Reward.objects.update(due_at=timezone.now())
    assert run("--organization", "northwind") == "northwind: rewards given: 1\n"
    assert run("--organization", "northwind") == "northwind: rewards given: 0\n"
    assert friends.points() == 100


def test_an_unknown_organization_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="There is no organization nowhere"):
        run("--organization", "nowhere")
