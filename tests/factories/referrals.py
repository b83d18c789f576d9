"""Referral campaigns, codes, referees and their rewards."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import factory
from django.db import transaction

from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from engagement.bills.draft import BillDraft
from engagement.points.ledger.movements import spend
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsEntry
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.configuration import current_configuration
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.catalog import CurrentCampaign, load_campaigns
from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from referrals.referral_codes.models import ReferralCode
from referrals.referral_codes.services import ensure_codes
from referrals.rewards.models import Reward
from tests.factories.base import TenantFactory
from tests.factories.bills import at
from tests.factories.locations import TillFactory, till_actor
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import facts, state_of
from tests.factories.program_files import club, loaded
from use_cases.merging import merge_customers
from use_cases.purchases import Purchase, record_purchases
from use_cases.registration import Registration, register_all, register_customer


class ReferralCampaignFactory(TenantFactory):
    class Meta:
        model = ReferralCampaign

    organization = factory.SubFactory(OrganizationFactory)
    token = factory.Sequence(lambda number: f"CAMPAIGN{number}")


class ReferralCampaignVersionFactory(TenantFactory):
    class Meta:
        model = ReferralCampaignVersion

    organization = factory.SelfAttribute("campaign.organization")
    campaign = factory.SubFactory(ReferralCampaignFactory)
    number = 1
    terms = factory.LazyFunction(lambda: {"name": "Friends", "kind": "REFERRAL"})
    made_at = at("2026-01-01 00:00:00")


def open_campaign(
    organization: Organization, token: str = "FRIENDS", *, default: bool = True, active: bool = True, **terms: Any
) -> CurrentCampaign:
    """A campaign with these terms: by default a hundred points for the referrer when the referee registers."""
    campaign = ReferralCampaignFactory(organization=organization, token=token, is_default=default, is_active=active)
    said = {
        "name": "Bring a friend",
        "kind": "REFERRAL",
        "reward_on": ["REGISTRATION"],
        "referrer_reward": {"points": 100},
        **terms,
    }
    ReferralCampaignVersionFactory(campaign=campaign, terms=said)
    return load_campaigns().by_id[campaign.pk]


@dataclass(frozen=True, slots=True)
class Friends:
    """Northwind with a club without a welcome award, two tills, and Asha, who refers others in a campaign."""

    organization: Organization
    till: Till
    other: Till
    asha: Customer

    def code(self, current: CurrentCampaign, customer: Customer | None = None) -> str:
        """The code of Asha, or of another customer."""
        who = customer or self.asha
        with transaction.atomic():
            ensure_codes([who.pk], campaign_id=current.campaign.pk, policy=self.organization.policy, now=clock.now())
        return ReferralCode.objects.get(customer=who, campaign=current.campaign).code

    def register(self, **item: Any) -> Registration:
        """Register a customer at the till, as an add does."""
        by = till_actor(self.till)
        with transaction.atomic():
            context = load_input_context([item], by=by)
            return register_customer(read_customer_input(item, context, action="add"), context=context, by=by)

    def register_all(self, items: Sequence[dict[str, Any]]) -> list[Registration | LoyaltyError]:
        """Register a batch, as an import does."""
        by = till_actor(self.till)
        with transaction.atomic():
            context = load_input_context(items, by=by)
            inputs = [read_customer_input(item, context, action="add") for item in items]
            return register_all(inputs, options=RegistrationOptions(), context=context, by=by)

    def bill(self, customer: Customer, amount: int = 100, *, number: str = "T-1") -> Purchase:
        """A bill of the customer with all its effects."""
        till = self.till
        draft = BillDraft(
            customer_id=customer.pk, number=number, billed_at=clock.now(), amount=Decimal(amount), till=till, store=till.store
        )
        configuration = current_configuration()
        (purchase,) = record_purchases(
            [draft],
            catalog=configuration.part(load_catalog),
            campaigns=configuration.part(load_campaigns),
            by=till_actor(till),
            now=clock.now(),
        )
        assert isinstance(purchase, Purchase)
        return purchase

    def spend(self, points: int) -> None:
        """Redeem points of Asha."""
        state = state_of(self.asha.points_accounts.get())
        spend(state, Decimal(points), kind=PointsEntry.Kind.REDEEM, facts=facts(clock.now()))
        write_accounts([state])

    def merge(self, victim: Customer, *, into: Customer | None = None) -> None:
        """Merge a customer into Asha, or into another one."""
        with transaction.atomic():
            merge_customers(survivor=(into or self.asha).pk, victim=victim.pk, by=till_actor(self.till))

    def refer(self, current: CurrentCampaign, mobile: str = "9812300001", **item: Any) -> Registration:
        """Register a referee with Asha's code."""
        return self.register(mobile=mobile, referral_code=self.code(current), **item)

    def points(self, customer: Customer | None = None) -> int:
        """The points of Asha, or of another customer."""
        account = (customer or self.asha).points_accounts.get(moved_to=None)
        return int(account.balance)

    def states(self, role: str = "REFERRER") -> list[str]:
        """The states of the rewards of a side, the oldest first."""
        return list(Reward.objects.filter(role=role).order_by("pk").values_list("state", flat=True))


def open_friends() -> Friends:
    """The shop, outside of any scope."""
    organization = loaded(club(precision=0, enrolment=None))
    organization.base_country, organization.countries, organization.currency = "IN", ["GB"], "INR"
    organization.save()
    with organization_scope(organization):
        tills = [
            TillFactory(store=Store.objects.get(code=code), code=f"{code}.till1", name=f"{name} till 1")
            for code, name in (("blr", "Bengaluru"), ("del", "Delhi"))
        ]
        for till in tills:
            till.organization = till.store.organization = organization
        friends = Friends(organization, tills[0], tills[1], Customer())
        asha = friends.register(mobile="9812345678", firstname="Asha", email="asha@example.com").customer
    return Friends(organization, tills[0], tills[1], asha)
