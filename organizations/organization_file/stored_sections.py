"""Section of a part that is not built yet: referral campaigns.

It is checked and kept as JSON on the organization, until its part brings its own section and a migration.
"""

from typing import Final

from organizations.organization_file.common_keys import check_order
from organizations.organization_file.problems import Problems
from organizations.organization_file.references import check_name, check_single_default, codes_of
from organizations.organization_file.schema import Day, Flag, ListOf, Number, OneOf, Struct, Text, optional, required
from organizations.organization_file.sections import Document, list_rows, stored_section

_REWARD: Final = Struct({"coupon_series": optional(Text(50)), "points": optional(Number(3, above_zero=True))})
REFERRAL_CAMPAIGN: Final = Struct(
    {
        "token": required(Text(50)),
        "name": required(Text(200)),
        "default": optional(Flag(), default=False),
        "kind": required(Text(50)),
        "starts": optional(Day()),
        "ends": optional(Day()),
        "channels": optional(ListOf(OneOf("MOBILE", "EMAIL"), unique=True), []),
        "allow_existing_customers": optional(Flag(), default=False),
        "reward_on": optional(ListOf(OneOf("REGISTRATION", "TRANSACTION"), unique=True), []),
        "referrer_reward": optional(_REWARD),
        "referee_reward": optional(_REWARD),
    },
    check_order("starts", "ends"),
)


def check_campaigns(document: Document, problems: Problems) -> None:
    """At most one campaign is the default; coupon series of rewards exist."""
    check_single_default(document["referral_campaigns"], "referral_campaigns", "one may be the default, and {} is", problems)
    series = codes_of(document, "coupon_series")
    for path, campaign in list_rows(document, "referral_campaigns"):
        for key in ("referrer_reward", "referee_reward"):
            reward = campaign[key] or {}
            check_name(reward.get("coupon_series"), series, "coupon series", f"{path}.{key}.coupon_series", problems)


REFERRAL_CAMPAIGNS: Final = stored_section(
    "referral_campaigns", optional(ListOf(REFERRAL_CAMPAIGN, key=("token",)), []), check=check_campaigns
)
