"""Referral campaigns of organization files, kept as checked JSON on the organization so far, become rows with versions.

Versions are append-only, and both tables are part of the configuration. Going back writes the campaigns as JSON again.
"""

from django.db import migrations
from django.utils import timezone

from organizations.configuration_triggers import raises_configuration_version

SECTION = "referral_campaigns"
OWN = ("token", "default", "active")
APPEND_ONLY = """
CREATE TRIGGER referral_campaign_versions_are_append_only BEFORE UPDATE OR DELETE ON referrals_referralcampaignversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
CHANGEABLE = "DROP TRIGGER referral_campaign_versions_are_append_only ON referrals_referralcampaignversion;"


def make_rows(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.filter(stored_sections__has_key=SECTION):
        make_campaigns(apps, organization, organization.stored_sections.pop(SECTION))
        organization.save(update_fields=["stored_sections"])


def make_campaigns(apps, organization, said):
    for row in said:
        campaign = apps.get_model("referrals", "ReferralCampaign").objects.create(
            organization=organization,
            token=row["token"],
            is_default=row.get("default", False),
            is_active=row.get("active", True),
        )
        apps.get_model("referrals", "ReferralCampaignVersion").objects.create(
            organization=organization,
            campaign=campaign,
            number=1,
            terms={name: value for name, value in row.items() if name not in OWN},
            made_at=timezone.now(),
        )


def write_json(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    # Read no more than is needed: going back, columns that came later are gone already.
    for organization in Organization.objects.only("stored_sections"):
        campaigns = apps.get_model("referrals", "ReferralCampaign").objects.filter(organization=organization).order_by("token")
        said = [as_said(apps, campaign) for campaign in campaigns]
        if said:
            organization.stored_sections[SECTION] = said
            organization.save(update_fields=["stored_sections"])


def as_said(apps, campaign):
    """In the file's words and shortest form: what is a default is left out."""
    versions = apps.get_model("referrals", "ReferralCampaignVersion").objects.filter(campaign=campaign)
    default = {"default": True} if campaign.is_default else {}
    off = {} if campaign.is_active else {"active": False}
    return {"token": campaign.token, **default, **off, **versions.order_by("-number").first().terms}


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0001_initial"),
        ("organizations", "0011_configuration_version"),
    ]
    operations = [
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
        raises_configuration_version("referrals_referralcampaign"),
        raises_configuration_version("referrals_referralcampaignversion"),
        migrations.RunPython(make_rows, write_json),
    ]
