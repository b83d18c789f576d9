"""Referral campaigns: their terms in sentences, and all versions."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from organizations.audit.models import AuditEntry
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import Column, boolean_column
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.tables import table
from organizations.organization_file.differences import differences
from referrals.campaigns import descriptions
from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from referrals.campaigns.rules import CampaignTerms


def _terms_column(title: str, show: Any) -> Column:
    """A column of what `show` says of the newest terms, in the organization's currency."""

    @display(description=title)
    def column(page: "CampaignAdmin", campaign: ReferralCampaign) -> str:
        return str(show(page.terms_of(campaign), page.organization_behind(campaign).currency) or "–")

    return column  # type: ignore[no-any-return]  # Unfold's decorator is not typed


@admin.register(ReferralCampaign)
class CampaignAdmin(ReadOnlyAdmin):
    """Referral campaigns. Their terms are changed in the organization file."""

    related = ("organization",)
    fields = (
        "token", "name", "state_label", "is_default_label", "kind", "period", "channels", "existing", "when", "for_referrer",
        "for_referee", "limits",
    )  # fmt: skip
    list_display = ("token", "name", "state_label", "is_default_label", "period", "for_referrer", "for_referee")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("token",)
    change_form_outer_after_template = "back_office/table_below.html"  # type: ignore[assignment]  # see the base class

    is_default_label = boolean_column("is_default", "Default")
    name = _terms_column("Name", lambda terms, _currency: terms.name)
    kind = _terms_column("Kind", lambda terms, _currency: terms.kind)
    period = _terms_column("It runs", lambda terms, _currency: descriptions.describe_period(terms))
    channels = _terms_column("Invitations by", lambda terms, _currency: " and ".join(sorted(terms.channels)).lower())
    existing = _terms_column(
        "Existing customers", lambda terms, _currency: "may be referred" if terms.allows_existing else "may not be referred"
    )
    when = _terms_column("It rewards", lambda terms, currency: descriptions.describe_events(terms, currency=currency))
    for_referrer = _terms_column(
        "The referrer gets", lambda terms, _currency: descriptions.describe_reward(terms.referrer_reward)
    )
    for_referee = _terms_column("The referee gets", lambda terms, _currency: descriptions.describe_reward(terms.referee_reward))
    limits = _terms_column("The referrer is rewarded", lambda terms, _currency: descriptions.describe_limits(terms))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Campaigns with their versions, the newest first."""
        return super().get_queryset(request).prefetch_related("versions")

    def terms_of(self, campaign: ReferralCampaign) -> CampaignTerms:
        """The terms of the newest version."""
        return campaign.versions.all()[0].typed_terms

    @display(description="State", label={"active": "success", "off": "danger"})
    def state_label(self, campaign: ReferralCampaign) -> str:
        """Active or off."""
        return "active" if campaign.is_active else "off"

    def history_of(self, row: ReferralCampaign) -> QuerySet[AuditEntry]:
        """The audit entries about the campaign and its versions."""
        versions = ReferralCampaignVersion.objects.filter(campaign=row).values("pk")
        about = Q(object_type="referralcampaign", object_id=row.pk)
        about |= Q(object_type="referralcampaignversion", object_id__in=versions)
        return AuditEntry.objects.filter(about).order_by("-id")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        versions = list(context["original"].versions.all())
        context["table"] = table(
            "Versions",
            ("Version", "Made", "Changes"),
            [
                (version.number, version.made_at, "; ".join(differences("", before.terms, version.terms)) if before else "")
                for version, before in zip(versions, [*versions[1:], None], strict=True)
            ],
        )
        return super().render_change_form(request, context, *args, **kwargs)
