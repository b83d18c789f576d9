"""Referral campaigns: their terms in sentences, all versions, and the form that changes them."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin

from engagement.coupons.models import CouponSeries
from organizations.back_office.columns import boolean_column
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.schema_forms import Wording
from organizations.back_office.terms_pages import TermsPages, terms_column
from organizations.organization_file.editing import EditableSection
from referrals.campaigns.descriptions import describe_terms
from referrals.campaigns.models import ReferralCampaign
from referrals.campaigns.organization_file import OWN_KEYS, REFERRAL_CAMPAIGN, REFERRAL_CAMPAIGNS
from referrals.campaigns.rules import CampaignTerms
from use_cases.organization_file import SECTIONS

# More are typed: so long a list helps nobody.
_MOST_CHOICES: Final = 200
_LABELS: Final[Mapping[str, str]] = {
    "token": "Token",
    "name": "Name",
    "default": "Used where a call names no campaign",
    "active": "Customers may be referred by it",
    "kind": "Kind",
    "starts": "First day",
    "ends": "Last day",
    "channels": "Invitations by",
    "allow_existing_customers": "Existing customers may be referred",
    "reward_on": "Rewards are given",
    "referrer_reward.points": "Points for the referrer",
    "referrer_reward.coupon_series": "Coupon for the referrer, of the series",
    "referee_reward.points": "Points for the referee",
    "referee_reward.coupon_series": "Coupon for the referee, of the series",
    "min_amount": "A first bill of at least",
    "waiting_days": "Days until rewards are given",
    "reward_every": "The referrer is rewarded for one of so many referees",
    "max_rewards": "Most rewards of a referrer",
    "take_back_on_return": "Taken back if the first bill comes back",
}
_HELPS: Final[Mapping[str, str]] = {
    "token": "It cannot be changed later.",
    "default": "It is taken from the campaign that has it now.",
    "kind": "REFERRAL: customers refer others by it. Campaigns of other kinds are kept, but not used.",
    "ends": "Blank: without an end.",
    "channels": "None: by both.",
    "reward_on": "None: never.",
    "max_rewards": "Blank: without limit.",
}
_WORDS: Final[Mapping[str, str]] = {
    "MOBILE": "mobile",
    "EMAIL": "e-mail",
    "REGISTRATION": "when the referee registers",
    "TRANSACTION": "when the referee buys for the first time",
}


@admin.register(ReferralCampaign)
class CampaignAdmin(TermsPages):
    """Referral campaigns: their terms, and the form that changes them."""

    editable = EditableSection(
        section=REFERRAL_CAMPAIGNS,
        struct=REFERRAL_CAMPAIGN,
        key="token",
        own_keys=OWN_KEYS,
        single_flag="default",
        sections=SECTIONS,
    )
    groups = {
        "Campaign": ("token", "name", "kind", "default", "active"),
        "When it runs, and who may be referred": ("starts", "ends", "channels", "allow_existing_customers"),
        "When it rewards": ("reward_on", "min_amount", "waiting_days", "take_back_on_return"),
        "What the referrer gets": ("referrer_reward", "reward_every", "max_rewards"),
        "What the referee gets": ("referee_reward",),
    }
    edit_permission = "referrals.edit_referralcampaign"
    noun = "campaign"
    consequences = (
        "Customers who were referred keep the terms of that time: new terms count for those who are referred from now on."
    )

    fields = (
        "token", "name", "state_label", "is_default_label", "kind", "period", "channels", "existing", "when", "for_referrer",
        "for_referee", "limits",
    )  # fmt: skip
    list_display = ("token", "name", "state_label", "is_default_label", "period", "for_referrer", "for_referee")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("token",)

    is_default_label = boolean_column("is_default", "Default")
    name = terms_column("Name")
    kind = terms_column("Kind")
    period = terms_column("It runs")
    channels = terms_column("Invitations by")
    existing = terms_column("Existing customers")
    when = terms_column("It rewards")
    for_referrer = terms_column("The referrer gets")
    for_referee = terms_column("The referee gets")
    limits = terms_column("The referrer is rewarded")

    def describe(self, terms: Mapping[str, Any], *, name: str, currency: str) -> Mapping[str, str]:  # noqa: ARG002 - campaigns have a name of their own
        return describe_terms(CampaignTerms.from_json(terms), currency=currency)

    def describe_own(self, shown: Mapping[str, Any]) -> Mapping[str, str]:
        return {
            "Default": "yes" if shown.get("default") else "no",
            "State": "active" if shown.get("active", True) else "off",
        }

    def wording(self, shown: Mapping[str, Any]) -> Wording:
        series = list(CouponSeries.objects.order_by("code").values_list("code", flat=True)[: _MOST_CHOICES + 1])
        sides = ("referrer_reward.coupon_series", "referee_reward.coupon_series")
        return Wording(
            labels=_LABELS,
            words=_WORDS,
            choices=dict.fromkeys(sides, series) if len(series) <= _MOST_CHOICES else {},
            helps=_HELPS,
            hidden=frozenset({"token"}) if shown else frozenset(),
        )
