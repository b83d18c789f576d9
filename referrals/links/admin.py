"""Referrals: referee, referrer, and what came of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.decorators import display

from customers.back_office import CustomerFilter, CustomerRowsAdmin
from organizations.back_office.columns import actor_column, boolean_column, link_column, link_to, value_column
from organizations.back_office.filters import DayRangeFilter
from organizations.back_office.tables import table
from referrals.campaigns.filters import CampaignFilter
from referrals.links.models import ReferralLink
from referrals.rewards.panels import reward_badge, what_it_gives


@admin.register(ReferralLink)
class ReferralLinkAdmin(CustomerRowsAdmin):
    """Referrals with the events of the referee and their rewards."""

    has_history = False

    customer_paths = ("referrer", "referee")
    store_path = "referrer__registered_store"
    related = ("referrer", "referee", "campaign", "code", "version", "till", "store")
    fields = (
        "referee_link", "referrer_link", "campaign_link", "code_text", "version_number", "linked_at", "is_new", "till", "store",
        "made_by_label",
    )  # fmt: skip
    list_display = ("linked_at", "referee_link", "referrer_link", "campaign_link", "events_text", "store")
    list_display_links = ("linked_at",)
    list_filter = (CustomerFilter, CampaignFilter, ("linked_at", DayRangeFilter))
    ordering = ("-pk",)
    change_form_outer_after_template = "back_office/table_below.html"  # type: ignore[assignment]  # see the base class

    referee_link = link_column("referee", "Referee")
    referrer_link = link_column("referrer", "Referrer")
    campaign_link = link_column("campaign", "Campaign")
    code_text = value_column("code__code", "Code")
    version_number = value_column("version__number", "Version of the terms")
    is_new = boolean_column("is_new_customer", "Registered with the code")
    made_by_label = actor_column("made_by", "Recorded by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Referrals with their events."""
        return super().get_queryset(request).prefetch_related("events")

    @display(description="So far")
    def events_text(self, link: ReferralLink) -> str:
        """What the referee has done."""
        return ", ".join(str(event.get_kind_display()) for event in reversed(link.events.all())) or "–"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        rewards = context["original"].rewards.select_related("event__bill", "receiver", "entry", "coupon").order_by("pk")
        rows = [
            (
                link_to(reward.event.bill, str(reward.event.get_kind_display()))
                if reward.event.bill
                else str(reward.event.get_kind_display()),
                reward.event.at,
                link_to(reward.receiver),
                link_to(reward, what_it_gives(reward)),
                reward_badge(reward),
            )
            for reward in rewards
        ]
        columns = (gettext("Event"), gettext("When"), gettext("Receiver"), gettext("Reward"), gettext("State"))
        context["table"] = table("Rewards", columns, rows, empty="The campaign rewards nothing that the referee has done.")
        return super().render_change_form(request, context, *args, **kwargs)
