"""Why a tier changed, in one sentence: what the rules compared, or who set it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext, gettext_noop, ngettext

from engagement.numbers.display import format_points
from engagement.programs.descriptions import describe_measure
from engagement.programs.rules import TierMeasure
from engagement.tiers.models import TierChange

_CAUSES: Final[Mapping[str, str]] = {
    TierChange.Cause.STAFF: gettext_noop("Set by a member of staff"),
    TierChange.Cause.IMPORT: gettext_noop("Brought in by an import"),
    TierChange.Cause.MERGE: gettext_noop("Came with a merged customer"),
}


def explain_change(change: TierChange) -> str:
    """The reason of a change, with its note."""
    cause = _CAUSES.get(change.cause, "")
    reason = gettext(cause) if cause else _by_rules(change)
    return f"{reason} ({change.note})." if change.note else f"{reason}."


def _by_rules(change: TierChange) -> str:
    compared = ". ".join(_compared(row) for row in change.explanation.get("conditions", ()))
    match change.kind:
        case TierChange.Kind.DOWNGRADE:
            return (
                gettext("Not enough to keep it when its validity ended. %(compared)s") % {"compared": compared}
                if compared
                else gettext("Its validity ended")
            )
        case TierChange.Kind.RENEW:
            return gettext("Renewed after its validity. %(compared)s") % {
                "compared": compared or gettext("Nothing is needed to keep it")
            }
        case _:
            return compared


def _compared(row: Mapping[str, Any]) -> str:
    value = describe_measure(TierMeasure(row["based_on"]), Decimal(row["value"]), row.get("tracker", ""))
    needed = Decimal(row["threshold"])
    return ngettext("%(value)s; %(needed)s is needed", "%(value)s; %(needed)s are needed", 1 if needed == 1 else 2) % {
        "value": f"{value[:1].upper()}{value[1:]}",
        "needed": format_points(needed),
    }
