"""Changes of a customer's tiers as rows of the timeline on the customer's page."""

from typing import Any, Final

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
        ("Why", explain_change(change)),
        ("Until", change.to_expires_on or "no end"),
        ("By", actor_label(change.made_by)),
        ("Program", change.membership.program),
    ]
    return TimelineRow(
        key=part.key(change.changed_at, change.pk),
        icon="military_tech",
        title=f"Tier {change.to_tier}" if is_renewal else f"Tier {change.from_tier} → {change.to_tier}",
        note=change.membership.program,
        state=change.get_kind_display(),
        tone=_TONES.get(TierChange.Kind(change.kind), ""),
        facts=facts,
        link=page_of(change.membership),
    )
