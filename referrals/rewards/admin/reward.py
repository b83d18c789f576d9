"""Rewards of referrals: those held for review, with the pages that approve and reject them, and all others."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.decorators import display

from customers.back_office import CustomerFilter, CustomerRowsAdmin, identifier_list
from customers.lookup.reads import read_customers
from customers.profile.models import Customer
from organizations.back_office.columns import choice_column, link_column, link_to, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.decisions import DecidingAdmin, Decision, DecisionForm
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter
from organizations.back_office.history import actor_label
from organizations.back_office.pages import permission_check
from referrals.campaigns.filters import CampaignFilter
from referrals.guard.evidence import Evidence
from referrals.rewards.decisions import RewardStateError, approve_reward, reject_reward
from referrals.rewards.models import Reward
from referrals.rewards.panels import what_it_gives
from referrals.rewards.staff import DECIDE

State = Reward.State
COLORS: Final[dict[str, str]] = {
    State.HELD: "warning",
    State.PROMISED: "info",
    State.GIVEN: "success",
    State.REFUSED: "danger",
    State.REJECTED: "danger",
    State.CANCELLED: "info",
    State.TAKEN_BACK: "info",
}


class RewardDecisionForm(DecisionForm):
    """The reason for a decision on a held reward."""

    refusals = (RewardStateError,)

    def act(self) -> None:
        decide = reject_reward if self.decision.is_rejection else approve_reward
        decide(self.row.pk, reason=self.cleaned_data["reason"], by=self.by)


@admin.register(Reward)
class RewardAdmin(DecidingAdmin, CustomerRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Rewards. The filter "held for review" is the queue; nothing is edited, pages of their own decide."""

    customer_paths = ("receiver", "link__referrer", "link__referee")
    store_path = "receiver__registered_store"
    related: ClassVar[Sequence[str]] = (
        "receiver", "campaign", "event__bill", "link__referrer", "link__referee", "entry", "coupon",
    )  # fmt: skip
    fields = ()
    list_display = (
        "gives", "receiver_link", "role_label", "event_label", "campaign_link", "state_label", "evidence_label", "promised_at",
    )  # fmt: skip
    phone_lines = (("receiver_link", "state_label"), ("gives", "event_label", "promised_at"))
    list_display_links = ("gives",)
    list_filter = (
        CustomerFilter, ("state", ChoiceFilter), CampaignFilter, ("role", ChoiceFilter), ("promised_at", DayRangeFilter),
    )  # fmt: skip
    ordering = ("-pk",)
    decision_template = "back_office/decide_reward.html"
    change_form_outer_before_template = "back_office/reward.html"  # type: ignore[assignment]  # see the base class

    has_decide_permission = permission_check(DECIDE)
    receiver_link = link_column("receiver", "Receiver")
    campaign_link = link_column("campaign", "Campaign")
    role_label = value_column("get_role_display", "As", lambda label: label())
    event_label = value_column("event__get_kind_display", "For the referee's", lambda label: label())
    state_label = choice_column("state", "State", COLORS)

    @display(description="Reward")
    def gives(self, reward: Reward) -> str:
        """What it gives."""
        return what_it_gives(reward)

    @display(description="Evidence")
    def evidence_label(self, reward: Reward) -> str:
        """Why it is or was held."""
        return evidence_text(reward) or "–"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(self.decision_context(request, context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def decision_subject(self, row: Reward) -> str:
        return gettext("%(row)s for %(receiver)s") % {"row": what_it_gives(row), "receiver": row.receiver}

    def decision_form(self, request: HttpRequest, row: Reward, decision: Decision) -> DecisionForm:
        by = actor_of(request, self.organization_behind(row))
        return RewardDecisionForm(request.POST or None, row=row, decision=decision, by=by)

    def decision_context(self, request: HttpRequest, row: Reward) -> Mapping[str, Any]:
        known = read_customers([row.link.referrer_id, row.link.referee_id])
        return {
            "reward": row,
            "gives": what_it_gives(row),
            "evidence": evidence_text(row),
            "sides": [
                (gettext("Referrer"), link_to(row.link.referrer), _identifiers(known, row.link.referrer)),
                (gettext("Referee"), link_to(row.link.referee), _identifiers(known, row.link.referee)),
            ],
            "referral": link_to(row.link),
            "bill": link_to(row.event.bill) if row.event.bill else "",
            "entry": link_to(row.entry) if row.entry else "",
            "coupon": link_to(row.coupon) if row.coupon else "",
            "state": str(row.get_state_display()),
            "decided_by": actor_label(row.decided_by),
            "may_decide": row.state == State.HELD and self.has_decide_permission(request, row),
        }


def evidence_text(reward: Reward) -> str:
    """The evidence in words: "same mobile number; merged accounts"."""
    return "; ".join(str(Evidence(kind).label) for kind in reward.evidence)


def _identifiers(known: Mapping[int, Any], customer: Customer) -> str:
    state = known.get(customer.pk)
    return identifier_list(state.identifiers, customer_id=customer.pk) if state else ""
