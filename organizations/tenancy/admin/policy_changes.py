"""What a change of an organization does, in plain sentences, before it is saved. Pure functions."""

from collections.abc import Mapping
from typing import Any, Final

from organizations.tenancy.admin.policy_form import LABELS, shown_policies

LOOKED_THROUGH: Final = (
    "It decides which identifiers belong to one customer only. Stored ones follow at once: those that become unique were looked"
    " through, and no customers share one."
)
OTHER_DAYS: Final = (
    "Days begin and end at other moments from now on: what falls due at the end of a day moves along. Stored days stay as they"
    " are."
)
# What only new calls see needs no sentence of its own.
_AT_ONCE: Final = "Tills and staff work by it at once. What was recorded before stays as it is."


def changed_policies(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Each policy that changes: its plain words, its documented name, and its value before and after, in words."""
    old, new = shown_policies(before), shown_policies(after)
    return [(LABELS[name], name, _word(old[name]), _word(new[name])) for name in new if old[name] != new[name]]


def consequences(*, is_uniqueness_changed: bool, is_zone_changed: bool) -> list[str]:
    """What follows from the changes besides themselves."""
    sentences = [_AT_ONCE]
    if is_uniqueness_changed:
        sentences.append(LOOKED_THROUGH)
    if is_zone_changed:
        sentences.append(OTHER_DAYS)
    return sentences


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"
