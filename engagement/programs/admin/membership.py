"""Memberships: who is in which program, on which tier."""

from collections.abc import Iterable

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from engagement.back_office import LoyaltyRowsAdmin
from engagement.programs.admin.filters import ProgramFilter
from engagement.programs.models import Membership, Tier
from engagement.tiers.explanations import explain_change
from engagement.tiers.models import TierChange
from organizations.back_office.filters import DayRangeFilter, RelatedRowFilter

CHANGES_SHOWN = 50


class TierFilter(RelatedRowFilter):
    """By tier."""

    title = parameter_name = path = "tier"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        tiers = Tier.objects.order_by("program__name", "position").values_list("pk", "program__name", "name")
        return [(pk, f"{program}: {name}") for pk, program, name in tiers]


@admin.register(Membership)
class MembershipAdmin(LoyaltyRowsAdmin):
    """Memberships, read-only: registration adds them, and tiers follow the rules."""

    has_history = False

    related = ("customer", "program", "tier")
    fields = (
        "customer_link", "program", "tier_label", "enrolled_on", "tier_since", "tier_expires_on", "tier_locked_until",
        "tier_history",
    )  # fmt: skip
    list_display = ("enrolled_on", "customer_link", "program", "tier_label", "tier_since", "tier_expires_on")
    list_display_links = ("enrolled_on",)
    list_filter = (ProgramFilter, TierFilter, ("enrolled_on", DayRangeFilter))

    @display(description="Changes of the tier, the newest first, and why")
    def tier_history(self, membership: Membership) -> SafeString:
        """A line for each change of the tier."""
        changes = TierChange.objects.filter(membership=membership).select_related("from_tier", "to_tier")
        return format_html_join(
            "",
            "<p>{}: {} from {} to {}. {}</p>",
            (
                (
                    timezone.localtime(change.changed_at).date().isoformat(),
                    change.get_kind_display(),
                    change.from_tier,
                    change.to_tier,
                    explain_change(change),
                )
                for change in changes.order_by("-changed_at", "-pk")[:CHANGES_SHOWN]
            ),
        ) or SafeString("–")

    @display(description="Tier", label=True)
    def tier_label(self, membership: Membership) -> str:
        """The tier's name; a dash in programs without tiers."""
        return membership.tier.name if membership.tier else "–"
