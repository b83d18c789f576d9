"""Tiers in a merge of customers: the survivor gets the higher one, and of equal tiers the later validity (protocol 2.4)."""

from datetime import date, datetime
from typing import Any, Final

from engagement.points.ledger.posting import AccountState
from engagement.programs.models import Membership
from engagement.tiers.member import MEMBERSHIP_COLUMNS
from engagement.tiers.models import TierChange
from engagement.tiers.rules import ChangeKind

# What the notes of a merge keep of a membership: the columns, as text.
_NOTED: Final = ("tier_id", *MEMBERSHIP_COLUMNS[1:])
Notes = dict[str, Any]


def join_tiers(origin: AccountState, target: AccountState, *, at: datetime, made_by: str) -> Notes | None:
    """Give the survivor the victim's tier if that is higher, or lasts longer; return notes for `part_tiers`.

    In memory. None if the survivor keeps the tier that is held.
    """
    theirs, own = origin.membership, target.membership
    if theirs is None or own is None or theirs.pk == own.pk or not _is_better(theirs, own):
        return None
    before = _noted(own)
    row = _row(target, own, theirs, at=at, made_by=made_by)
    own.tier = theirs.tier
    for name in MEMBERSHIP_COLUMNS[1:]:
        setattr(own, name, getattr(theirs, name))
    target.tier_ends, target.is_changed = own.tier_expires_on, True
    target.tier_rows.append(row)
    return {"before": before, "after": _noted(own)}


def part_tiers(state: AccountState, notes: Notes | None, *, at: datetime, made_by: str) -> None:
    """Give back the tier from before the merge, in memory; one that has changed since stays as it is."""
    membership = state.membership
    if notes is None or membership is None:
        return
    # Notes of older versions lack columns that were added since.
    noted = _noted(membership)
    if any(noted[name] != value for name, value in notes["after"].items()):
        return
    earlier = Membership(**{name: _value(name, value) for name, value in notes["before"].items()})
    row = _row(state, membership, earlier, at=at, made_by=made_by)
    membership.tier = earlier.tier
    for name in MEMBERSHIP_COLUMNS[1:]:
        setattr(membership, name, getattr(earlier, name))
    state.tier_ends, state.is_changed = membership.tier_expires_on, True
    state.tier_rows.append(row)


def _is_better(theirs: Membership, own: Membership) -> bool:
    if theirs.tier is None or own.tier is None:
        return False
    if theirs.tier.pk != own.tier.pk:
        return theirs.tier.position > own.tier.position
    return own.tier_expires_on is not None and (theirs.tier_expires_on or date.max) > own.tier_expires_on


def _row(state: AccountState, before: Membership, after: Membership, *, at: datetime, made_by: str) -> TierChange:
    kind = ChangeKind.RENEW
    if before.tier is not None and after.tier is not None and before.tier.pk != after.tier.pk:
        kind = ChangeKind.UPGRADE if after.tier.position > before.tier.position else ChangeKind.DOWNGRADE
    return TierChange(
        organization_id=before.organization_id,
        membership=state.membership,
        kind=kind,
        cause=TierChange.Cause.MERGE,
        from_tier=before.tier,
        to_tier=after.tier,
        from_expires_on=before.tier_expires_on,
        to_expires_on=after.tier_expires_on,
        changed_at=at,
        recorded_at=at,
        made_by=made_by,
    )


def _noted(membership: Membership) -> Notes:
    values = {name: getattr(membership, name) for name in _NOTED}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return datetime.fromisoformat(value) if name in {"tier_since", "tier_counts_from"} else date.fromisoformat(value)
