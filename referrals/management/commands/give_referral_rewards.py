"""`manage.py give_referral_rewards --organization CODE | --all`: gives the rewards of referrals that are due."""

from collections.abc import Mapping
from typing import Any

from organizations.audit.actors import command_actor
from organizations.tenancy.commands import EachOrganizationCommand
from organizations.tenancy.models import Organization
from referrals.rewards.services import give_due_rewards


class Command(EachOrganizationCommand):
    """Gives what campaigns promised for after some days; every night. What is due twice is given once."""

    help = "Gives the rewards of referrals whose waiting days are over."

    def work(self, organization: Organization, options: Mapping[str, Any]) -> str:  # noqa: ARG002 - the base's signature
        """Give the rewards."""
        return f"rewards given: {sum(give_due_rewards(by=command_actor('give_referral_rewards', organization)))}"
