"""Changes of a customer's tiers as rows of the timeline on the customer's page."""

from typing import Any, Final

from django.utils.translation import gettext

from customers.profile.models import Customer
from engagement.tiers.explanations import explain_change
from engagement.tiers.models import TierChange
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice

_TONES: Final = {TierChange.Kind.UPGRADE: "good", TierChange.Kind.DOWNGRADE: "bad"}


def tiers_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Upgrades, downgrades and renewals in every program. One query."""
    changes = TierChange.objects.filter(membership__customer=customer)
    changes = changes.select_related("membership__program", "from_tier", "to_tier")
    return [_row(change, part) for change in part.newest(changes, "changed_at")]


def _row(change: TierChange, part: TimelineSlice) -> TimelineRow:
    is_renewal = change.kind == TierChange.Kind.RENEW
    facts: list[tuple[str, Any]] = [
        (gettext("Why"), explain_change(change)),
        (gettext("Until"), change.to_expires_on or gettext("no end")),
        (gettext("By"), actor_label(change.made_by)),
        (gettext("Program"), change.membership.program),
    ]
    return TimelineRow(
        key=part.key(change.changed_at, change.pk),
        icon="military_tech",
        title=gettext("Tier %(to_tier)s") % {"to_tier": change.to_tier}
        if is_renewal
        else gettext("Tier %(from_tier)s → %(to_tier)s") % {"from_tier": change.from_tier, "to_tier": change.to_tier},
        note=change.membership.program,
        state=change.get_kind_display(),
        tone=_TONES.get(TierChange.Kind(change.kind), ""),
        facts=facts,
        link=page_of(change.membership),
    )
