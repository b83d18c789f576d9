"""Invitations: numbers and addresses that customers invited, and who of them came."""

from django.contrib import admin
from unfold.decorators import display

from customers.back_office import CustomerFilter, CustomerRowsAdmin
from organizations.back_office.columns import actor_column, link_column, personal_column
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter
from referrals.campaigns.filters import CampaignFilter
from referrals.invitations.models import Invitation


@admin.register(Invitation)
class InvitationAdmin(CustomerRowsAdmin):
    """Invitations, read-only."""

    has_history = False

    related = ("customer", "campaign", "link__referee", "till", "store")
    fields = (
        "identifier_text", "name_text", "channel", "customer_link", "campaign_link", "invited_at", "referee_link", "till",
        "store", "made_by_label",
    )  # fmt: skip
    list_display = ("identifier_text", "name_text", "customer_link", "campaign_link", "invited_at", "referee_link")
    list_filter = (CustomerFilter, CampaignFilter, ("channel", ChoiceFilter), ("invited_at", DayRangeFilter))
    ordering = ("-pk",)

    name_text = personal_column("name", "Name", customer="invited_id")
    campaign_link = link_column("campaign", "Campaign")
    referee_link = link_column("link__referee", "Came as")
    made_by_label = actor_column("made_by", "Recorded by")

    @display(description="Identifier")
    def identifier_text(self, invitation: Invitation) -> str:
        """The number or address."""
        return str(invitation)
