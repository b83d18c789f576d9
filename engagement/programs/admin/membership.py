"""Memberships: who is in which program, on which tier."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget

from engagement.back_office import LoyaltyRowsAdmin
from engagement.programs.admin.filters import ProgramFilter
from engagement.programs.models import Membership, Tier
from engagement.tier_setting.staff import TierNotSetError, set_tier_by_hand
from engagement.tiers.explanations import explain_change
from engagement.tiers.models import TierChange
from organizations.audit.actors import Actor
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import DayRangeFilter, RelatedRowFilter, StoreFilter
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.pages import page_of, permission_check, row_page

CHANGES_SHOWN = 50


class TierFilter(RelatedRowFilter):
    """By tier."""

    title = parameter_name = path = "tier"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        tiers = Tier.objects.order_by("program__name", "position").values_list("pk", "program__name", "name")
        return [(pk, f"{program}: {name}") for pk, program, name in tiers]


class MemberStoreFilter(StoreFilter):
    """By the store where the customer registered."""

    path = "customer__registered_store"


class SetTierForm(ActionForm):
    """The tier that a member gets, the reason, and until when the rules must not lower it."""

    refusals = (TierNotSetError,)

    # The tiers are known with the membership.
    tier: Any = forms.ModelChoiceField(None, widget=UnfoldAdminSelectWidget)
    locked_until = forms.DateField(
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text="Until the end of this day the rules may lift the tier and do not lower it. Blank: the rules decide.",
    )
    reason = ReasonField(help_text="Kept in the history.")

    def __init__(self, *args: Any, membership: Membership, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership, self.by = membership, by
        tiers: Any = self.fields["tier"]
        tiers.queryset = Tier.objects.filter(program=membership.program_id, is_active=True).order_by("position")

    @transaction.atomic
    def act(self) -> None:
        chosen = self.cleaned_data
        set_tier_by_hand(
            self.membership, chosen["tier"], reason=chosen["reason"], locked_until=chosen["locked_until"], by=self.by
        )


@admin.register(Membership)
class MembershipAdmin(LoyaltyRowsAdmin):
    """Memberships: registration adds them, and tiers follow the rules unless staff set one."""

    has_history = False
    actions_detail: Sequence[str] = ("set_tier",)  # type: ignore[assignment]  # see the base class

    has_set_tier_permission = permission_check("engagement.set_tier")

    related = ("customer", "program", "tier")
    fields = (
        "customer_link", "program", "tier_label", "enrolled_on", "tier_since", "tier_expires_on", "tier_locked_until",
        "tier_history",
    )  # fmt: skip
    list_display = ("enrolled_on", "customer_link", "program", "tier_label", "tier_since", "tier_expires_on")
    phone_lines = (("customer_link", "tier_label"), ("program", "enrolled_on"))
    list_display_links = ("enrolled_on",)
    list_filter = (ProgramFilter, TierFilter, MemberStoreFilter, ("enrolled_on", DayRangeFilter))

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

    @row_page("Set tier", address="set-tier", icon="military_tech", permission="set_tier")
    def set_tier(self, request: HttpRequest, membership: Membership) -> HttpResponse:
        """The page on which staff set a member's tier."""
        form = SetTierForm(
            request.POST or None, membership=membership, by=actor_of(request, self.organization_behind(membership))
        )
        if form.run():
            messages.success(request, f"The tier of {membership.customer} is {form.cleaned_data['tier']}.")
            return HttpResponseRedirect(page_of(membership))
        return self.answer_page(
            request, "back_office/action.html", title=f"Set tier: {membership.customer}", original=membership.customer,
            form=form, submit="Set tier",
            intro="The tier begins now, with its own validity. It brings no gift, and the rules go on from there.",
        )  # fmt: skip

    @display(description="Tier", label=True)
    def tier_label(self, membership: Membership) -> str:
        """The tier's name; a dash in programs without tiers."""
        return membership.tier.name if membership.tier else "–"
