"""Section `referral_campaigns` of the organization file.

A campaign is matched by token. Its terms are one document: if they differ from the newest version's, a version is added.
Referees keep the version under which they were referred.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from loyalty_project import clock
from organizations.audit.services import Change
from organizations.organization_file.common_keys import ACTIVE, check_order
from organizations.organization_file.differences import differences
from organizations.organization_file.problems import Problems
from organizations.organization_file.references import check_name, check_single_default, codes_of
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import (
    Day,
    Flag,
    ListOf,
    Number,
    OneOf,
    Struct,
    Text,
    Whole,
    column_text,
    optional,
    required,
)
from organizations.organization_file.sections import Document, Section, as_json, list_rows
from organizations.tenancy.models import Organization
from referrals.campaigns.catalog import load_campaigns
from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from referrals.campaigns.rules import CHANNELS, EVENTS

# Keys of the campaign itself; all others are terms.
OWN_KEYS: Final = ("token", "default", "active")
_MOST: Final = 1_000_000
_CAMPAIGNS: Final = Table(
    model=ReferralCampaign,
    key_of=lambda row: row.token,
    label=lambda row: f"referral campaign {row.token}",
    file_keys={"is_active": "active", "is_default": "default"},
)
CampaignRows = Sequence[tuple[str, Mapping[str, Any]]]

_REWARD: Final = Struct({"coupon_series": optional(Text(50)), "points": optional(Number(3, above_zero=True))})
REFERRAL_CAMPAIGN: Final = Struct(
    {
        "token": required(column_text(ReferralCampaign, "token")),
        "name": required(Text(200)),
        "default": optional(Flag(), default=False),
        "kind": required(Text(50)),
        "starts": optional(Day()),
        "ends": optional(Day()),
        "channels": optional(ListOf(OneOf(*CHANNELS), unique=True), []),
        "allow_existing_customers": optional(Flag(), default=False),
        "reward_on": optional(ListOf(OneOf(*EVENTS), unique=True), []),
        "referrer_reward": optional(_REWARD),
        "referee_reward": optional(_REWARD),
        "min_amount": optional(Number(3)),
        "waiting_days": optional(Whole(0, 3_650), 0),
        "reward_every": optional(Whole(1, _MOST), 1),
        "max_rewards": optional(Whole(1, _MOST)),
        "take_back_on_return": optional(Flag(), default=False),
        "active": ACTIVE,
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


def load_referral_campaigns(document: Document, rows: RowChanges) -> None:
    """Make campaigns and versions equal to a checked document (see `sections.Section`)."""
    campaign_rows: CampaignRows = list_rows(document, "referral_campaigns")
    _hand_over_default(campaign_rows, rows)
    campaigns = rows.apply(_CAMPAIGNS, [WantedRow(row["token"], path, _values(row)) for path, row in campaign_rows])
    _load_versions(campaign_rows, campaigns, rows)


def dump_referral_campaigns(_organization: Organization) -> list[dict[str, Any]]:
    """The campaigns of the scope's organization as the file has them, by token."""
    return [
        {
            "token": current.campaign.token,
            "default": current.campaign.is_default,
            "active": current.campaign.is_active,
            **current.version.terms,
        }
        for current in sorted(load_campaigns().by_id.values(), key=lambda current: current.campaign.token)
    ]


REFERRAL_CAMPAIGNS: Final = Section(
    name="referral_campaigns",
    schema=optional(ListOf(REFERRAL_CAMPAIGN, key=("token",)), []),
    check=check_campaigns,
    load=load_referral_campaigns,
    dump=dump_referral_campaigns,
)


def terms_of(campaign: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a campaign of a checked document, as a version stores them."""
    shown: dict[str, Any] = as_json(REFERRAL_CAMPAIGN, campaign)
    return {name: value for name, value in shown.items() if name not in OWN_KEYS}


def _values(campaign: Mapping[str, Any]) -> dict[str, Any]:
    return {"token": campaign["token"], "is_default": campaign["default"], "is_active": campaign["active"]}


def _hand_over_default(campaign_rows: CampaignRows, rows: RowChanges) -> None:
    """Unmark a default campaign that is not the file's: the database refuses two defaults at once."""
    paths = {row["token"]: path for path, row in campaign_rows}
    chosen = next((row["token"] for _, row in campaign_rows if row["default"]), None)
    for campaign in ReferralCampaign.objects.filter(is_default=True):
        if campaign.token != chosen:
            campaign.is_default = False
            campaign.save(update_fields=["is_default"])
            path = paths.get(campaign.token, _CAMPAIGNS.label(campaign))
            rows.record_change(campaign, path, {"default": True}, {"default": False})


def _load_versions(campaign_rows: CampaignRows, campaigns: Mapping[Any, ReferralCampaign], rows: RowChanges) -> None:
    """Add a version to every campaign whose terms differ, or which has none. Each difference is printed with its path."""
    newest = {current.campaign.pk: current.version for current in load_campaigns().by_id.values()}
    added: list[ReferralCampaignVersion] = []
    for path, row in campaign_rows:
        own = campaigns[row["token"]]
        terms = terms_of(row)
        present = newest.get(own.pk)
        if present is not None and present.terms == terms:
            continue
        if present is not None:
            rows.lines += differences(path, present.terms, terms)
        added.append(
            ReferralCampaignVersion(
                organization=rows.organization,
                campaign=own,
                number=present.number + 1 if present else 1,
                terms=terms,
                made_at=clock.now(),
            )
        )
    ReferralCampaignVersion.objects.bulk_create(added)
    rows.changes += [
        Change(
            action="created",
            object_type="referralcampaignversion",
            object_id=version.pk,
            new={"campaign": version.campaign_id, "number": version.number, "terms": version.terms},
        )
        for version in added
    ]
