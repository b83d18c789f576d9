"""What becomes of the persons themselves when one customer is merged into another, and when that is undone?

Identifiers, columns, who was merged before, and who stands for a group. Rows that only change hands are moved by
`customers.merging.transfer`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from customers.field_terms.services import keep_terms
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.merging.transfer import digest_of, digest_values
from customers.profile.models import Customer
from customers.registration.changes import FOLDED_COLUMNS, fold_columns

State = Identifier.State
Notes = dict[str, Any]
# Columns that the survivor takes over where they say nothing there, each with what says nothing.
_FILLED: Mapping[str, Any] = {
    "firstname": "",
    "lastname": "",
    "associated_till_id": None,
    "preferred_store_id": None,
    "ndnc_status": Customer.NdncStatus.NONE,
    "fraud_status": Customer.FraudStatus.NONE,
    "fraud_reason": "",
    "fraud_marked_by": "",
    "fraud_marked_on": None,
    "status_label_id": None,
    "status_reason": "",
    "status_changed_by": "",
    "status_changed_on": None,
    "image_url": "",
}
# Columns that tell one thing together: all of them are taken over, where the first says nothing, or none.
_FRAUD = ("fraud_status", "fraud_reason", "fraud_marked_by", "fraud_marked_on")
_LABEL = ("status_label_id", "status_reason", "status_changed_by", "status_changed_on")
_MOMENTS = ("fraud_marked_on", "status_changed_on")


def transfer_identifiers(*, victim: Customer, survivor: Customer) -> Notes:
    """Let the victim's identifiers fill what the survivor lacks; the rest keeps leading to the survivor (state MERGED).

    Call it under both locks.
    """
    rows = list(Identifier.objects.filter(customer=victim).order_by("pk"))
    has = set(Identifier.objects.filter(customer=survivor, state=State.CURRENT).values_list("kind", flat=True))
    before = {str(row.pk): row.state for row in rows}
    for row in rows:
        row.customer = survivor
        if row.state == State.CURRENT and row.kind in has:
            row.state = State.MERGED
    Identifier.objects.bulk_update(rows, ["customer", "state"])
    return {"states": before, "digest": _digest_of_identifiers(before)}


def restore_identifiers(notes: Notes, *, victim: Customer) -> None:
    """Give the victim the identifiers back, in the states they had."""
    rows = list(Identifier.objects.filter(pk__in=[int(pk) for pk in notes["states"]]))
    for row in rows:
        row.customer, row.state = victim, notes["states"][str(row.pk)]
    Identifier.objects.bulk_update(rows, ["customer", "state"])


def identifiers_changed(notes: Notes) -> bool:
    """Whether any of the identifiers that moved is another one than after the merge."""
    return bool(_digest_of_identifiers(notes["states"]) != notes["digest"])


def gave_way(victim: Customer, moved: Notes, *, to: Notes) -> bool:
    """Whether the merge of `victim`, whose notes are `moved`, left out what they have because the merge `to` had brought it."""
    before, brought = moved["identifiers"]["states"], to["identifiers"]["states"]
    rows = Identifier.objects.filter(pk__in=[int(pk) for pk in (*before, *brought)]).values_list("pk", "kind", "state")
    waiting = {kind for pk, kind, state in rows if before.get(str(pk)) == State.CURRENT and state == State.MERGED}
    if waiting & {kind for pk, kind, state in rows if str(pk) in brought and state == State.CURRENT}:
        return True
    nothing = {"type": Customer.Type.NON_LOYALTY, **_FILLED}
    says = {name for name in to["columns"]["columns"] if getattr(victim, name) != nothing[name]}
    return bool(says or victim.field_values.keys() & set(to["columns"]["fields"]))


def fill_columns(*, victim: Customer, survivor: Customer) -> Notes:
    """Fill the survivor's columns from the victim's; the survivor wins wherever something is said (docs/protocol.md 2.4).

    Loyalty on one side makes both loyal. The survivor is changed in memory and has to be saved (`save_survivor`).
    """
    before = {name: getattr(survivor, name) for name in ("type", *_FILLED)}
    fields_before, channels_before = dict(survivor.field_values), list(survivor.comm_channels)
    if victim.type == Customer.Type.LOYALTY:
        survivor.type = Customer.Type.LOYALTY.value  # as the database gives it: notes compare it
    kept = {name for one in (_FRAUD, _LABEL) if getattr(survivor, one[0]) != _FILLED[one[0]] for name in one}
    for name, nothing in _FILLED.items():
        if getattr(survivor, name) == nothing and name not in kept:
            setattr(survivor, name, getattr(victim, name))
    survivor.field_values = {**victim.field_values, **survivor.field_values}
    known = {(one["type"], one["value"]) for one in survivor.comm_channels}
    survivor.comm_channels = [
        *survivor.comm_channels,
        *(one for one in victim.comm_channels if (one["type"], one["value"]) not in known),
    ]
    after = {name: getattr(survivor, name) for name in before}
    changed = {name: [_told(before[name]), _told(value)] for name, value in after.items() if value != before[name]}
    notes: Notes = {"columns": changed, "fields": sorted(survivor.field_values.keys() - fields_before.keys())}
    notes["channels"] = len(survivor.comm_channels) - len(channels_before)
    notes["digest"] = _digest(survivor, notes)
    return notes


def restore_columns(notes: Notes, *, survivor: Customer) -> None:
    """Take out again what the victim filled; the survivor is changed in memory and has to be saved (`save_survivor`)."""
    for name, (old, _) in notes["columns"].items():
        setattr(survivor, name, datetime.fromisoformat(old) if old and name in _MOMENTS else old)
    filled = set(notes["fields"])
    survivor.field_values = {name: value for name, value in survivor.field_values.items() if name not in filled}
    if notes["channels"]:
        survivor.comm_channels = survivor.comm_channels[: -notes["channels"]]


def columns_changed(notes: Notes, *, survivor: Customer) -> bool:
    """Whether anything that the victim filled says something else by now."""
    return bool(_digest(survivor, notes) != notes["digest"])


def save_survivor(survivor: Customer) -> None:
    """Store what `fill_columns` or `restore_columns` changed, another version of the survivor, and by what it is searched."""
    fold_columns(survivor)
    survivor.version += 1
    survivor.save(
        update_fields=[
            "type",
            *(name.removesuffix("_id") for name in _FILLED),
            "field_values",
            *FOLDED_COLUMNS,
            "comm_channels",
            "updated_on",
            "version",
        ]
    )
    keep_terms([survivor.pk], organization_id=survivor.organization_id)


def redirect_victims(*, victim: Customer, survivor: Customer) -> list[int]:
    """Whoever was merged into the victim before is now the survivor, and so is the victim; the ids of the former."""
    earlier = list(Customer.objects.filter(merged_into=victim).order_by("pk").values_list("pk", flat=True))
    # Before the victim itself: `customer_merged_into_standing` lets nobody be merged into somebody who is merged.
    Customer.objects.filter(pk__in=earlier).update(merged_into=survivor)
    victim.merged_into = survivor
    victim.save(update_fields=["merged_into"])
    return earlier


def restore_victims(earlier: list[int], *, victim: Customer) -> None:
    """The victim stands for itself again, and for those who had been merged into it."""
    victim.merged_into = None
    victim.save(update_fields=["merged_into"])
    Customer.objects.filter(pk__in=earlier).update(merged_into=victim)


def transfer_primary_roles(*, victim: Customer, survivor: Customer) -> list[int]:
    """Where both are in a group for which the victim stands, the survivor stands for it from now on; the groups' ids."""
    shared = GroupMembership.objects.filter(customer=survivor).values("group")
    primary = GroupMembership.objects.filter(customer=victim, role=GroupMembership.Role.PRIMARY, group__in=shared)
    groups = list(primary.values_list("group_id", flat=True))
    _stand_for(groups, gone=victim, comes=survivor)
    return groups


def restore_primary_roles(groups: list[int], *, victim: Customer, survivor: Customer) -> None:
    """The victim stands for these groups again, where the survivor still does."""
    still = GroupMembership.objects.filter(customer=survivor, group__in=groups, role=GroupMembership.Role.PRIMARY)
    _stand_for(list(still.values_list("group_id", flat=True)), gone=survivor, comes=victim)


def _stand_for(groups: list[int], *, gone: Customer, comes: Customer) -> None:
    for customer, role in ((gone, GroupMembership.Role.MEMBER), (comes, GroupMembership.Role.PRIMARY)):
        GroupMembership.objects.filter(customer=customer, group__in=groups).update(role=role)


def _digest_of_identifiers(states: Mapping[str, str]) -> str:
    return digest_of(Identifier.objects.filter(pk__in=[int(pk) for pk in states]))


def _told(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _digest(survivor: Customer, notes: Notes) -> str:
    columns = [(name, _told(getattr(survivor, name))) for name in sorted(notes["columns"])]
    fields = [(name, survivor.field_values.get(name)) for name in notes["fields"]]
    channels = survivor.comm_channels if notes["channels"] else []
    return digest_values([*columns, *fields, *channels])
