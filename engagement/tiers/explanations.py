"""Why a tier changed, in one sentence: what the rules compared, or who set it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from engagement.numbers.display import format_points
from engagement.programs.descriptions import describe_measure
from engagement.programs.rules import TierMeasure
from engagement.tiers.models import TierChange

_CAUSES: Final[Mapping[str, str]] = {
    TierChange.Cause.STAFF: "Set by a member of staff",
    TierChange.Cause.IMPORT: "Brought in by an import",
    TierChange.Cause.MERGE: "Came with a merged customer",
}
_LASTING: Final = "Its validity was over; nothing is asked to keep it"


def explain_change(change: TierChange) -> str:
    """The reason of a change, with its note."""
    reason = _CAUSES.get(change.cause) or _by_rules(change)
    return f"{reason} ({change.note})." if change.note else f"{reason}."


def _by_rules(change: TierChange) -> str:
    compared = "; ".join(_compared(row) for row in change.explanation.get("conditions", ()))
    if not compared:
        return _LASTING if change.kind != TierChange.Kind.DOWNGRADE else "Its validity was over"
    match change.kind:
        case TierChange.Kind.DOWNGRADE:
            return f"Its validity was over without what keeps it: {compared}"
        case TierChange.Kind.RENEW:
            return f"Its validity was over: {compared}"
        case _:
            return compared[:1].upper() + compared[1:]


def _compared(row: Mapping[str, Any]) -> str:
    value = describe_measure(TierMeasure(row["based_on"]), Decimal(row["value"]), row.get("tracker", ""))
    return f"{value}, where {format_points(Decimal(row['threshold']))} are asked for"
