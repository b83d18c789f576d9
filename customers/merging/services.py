"""Changes of two customers by a merge, and by undoing it: identifiers, columns, earlier victims, primary roles.

`customers.merging.transfer` moves rows that only change their customer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from customers.field_terms.services import keep_terms
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.identifiers.rules import is_exclusive
from customers.merging.transfer import digest_values
from customers.profile.folding import FOLDED_COLUMNS, fold_columns
from customers.profile.models import Customer
from organizations.policies import Policy

State = Identifier.State
Notes = dict[str, Any]
# Columns that a survivor takes from the victim if theirs are empty, each with its empty value.
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
# Columns that belong together: all are taken if the first is empty, or none.
_FRAUD = ("fraud_status", "fraud_reason", "fraud_marked_by", "fraud_marked_on")
_LABEL = ("status_label_id", "status_reason", "status_changed_by", "status_changed_on")
_MOMENTS = ("fraud_marked_on", "status_changed_on")


def transfer_identifiers(*, victim: Customer, survivor: Customer) -> Notes:
    """Move the victim's identifiers: current ones of kinds that the survivor lacks, MERGED ones that still find the survivor.

    Call it under both locks.
    """
    rows = list(Identifier.objects.filter(customer=victim).order_by("pk"))
    has = set(Identifier.objects.filter(customer=survivor, state=State.CURRENT).values_list("kind", flat=True))
    notes: Notes = {
        "states": {str(row.pk): row.state for row in rows},
        "exclusive": [row.pk for row in rows if row.exclusive],
    }
    for row in rows:
        row.customer = survivor
        if row.state == State.CURRENT and row.kind in has:
            row.state = State.MERGED
    Identifier.objects.bulk_update(rows, ["customer", "state"])
    return {**notes, "digest": _digest_of_identifiers(notes)}


def restore_identifiers(notes: Notes, *, victim: Customer, policy: Policy) -> list[str]:
    """Move the identifiers back to the victim, in the states they had; return the values that the victim does not get back.

    Those stay as former ones: values that were released since (another customer was given them), and of values that identify
    one customer only, those that the survivor has too.
    """
    rows = list(Identifier.objects.filter(pk__in=[int(pk) for pk in notes["states"]]))
    lost: list[str] = []
    for row in rows:
        before = notes["states"][str(row.pk)]
        if before != State.FORMER and (row.state == State.FORMER or (is_exclusive(row.kind, policy) and not row.exclusive)):
            before = State.FORMER
            lost.append(row.value)
        row.customer, row.state = victim, before
    Identifier.objects.bulk_update(rows, ["customer", "state"])
    return lost


def identifiers_changed(notes: Notes) -> bool:
    """True if an identifier that moved was changed or deleted since the merge, other than by releasing it."""
    return bool(_digest_of_identifiers(notes) != notes["digest"])


def was_blocked_by(victim: Customer, moved: Notes, *, earlier: Notes) -> bool:
    """True if the merge of `victim` (notes `moved`) left out a value because the merge with notes `earlier` had brought one."""
    before, brought = moved["identifiers"]["states"], earlier["identifiers"]["states"]
    rows = Identifier.objects.filter(pk__in=[int(pk) for pk in (*before, *brought)]).values_list("pk", "kind", "state")
    waiting = {kind for pk, kind, state in rows if before.get(str(pk)) == State.CURRENT and state == State.MERGED}
    if waiting & {kind for pk, kind, state in rows if str(pk) in brought and state == State.CURRENT}:
        return True
    empty = {"type": Customer.Type.NON_LOYALTY, **_FILLED}
    filled = {name for name in earlier["columns"]["columns"] if getattr(victim, name) != empty[name]}
    return bool(filled or victim.field_values.keys() & set(earlier["columns"]["fields"]))


def fill_columns(*, victim: Customer, survivor: Customer) -> Notes:
    """Fill empty columns of the survivor from the victim's; other columns keep their values (docs/protocol.md 2.4).

    The survivor becomes a loyalty customer if the victim is one. Changes the survivor in memory only (`save_survivor`).
    """
    before = {name: getattr(survivor, name) for name in ("type", *_FILLED)}
    fields_before, channels_before = dict(survivor.field_values), list(survivor.comm_channels)
    if victim.type == Customer.Type.LOYALTY:
        survivor.type = Customer.Type.LOYALTY.value  # a plain string, as the database returns it: the digest compares it
    kept = {name for names in (_FRAUD, _LABEL) if getattr(survivor, names[0]) != _FILLED[names[0]] for name in names}
    for name, empty in _FILLED.items():
        if getattr(survivor, name) == empty and name not in kept:
            setattr(survivor, name, getattr(victim, name))
    survivor.field_values = {**victim.field_values, **survivor.field_values}
    known = {(channel["type"], channel["value"]) for channel in survivor.comm_channels}
    survivor.comm_channels = [
        *survivor.comm_channels,
        *(channel for channel in victim.comm_channels if (channel["type"], channel["value"]) not in known),
    ]
    after = {name: getattr(survivor, name) for name in before}
    changed = {name: [_as_json(before[name]), _as_json(value)] for name, value in after.items() if value != before[name]}
    notes: Notes = {"columns": changed, "fields": sorted(survivor.field_values.keys() - fields_before.keys())}
    notes["channels"] = len(survivor.comm_channels) - len(channels_before)
    notes["digest"] = _digest(survivor, notes)
    return notes


def restore_columns(notes: Notes, *, survivor: Customer) -> None:
    """Empty the columns that the victim filled. Changes the survivor in memory only (`save_survivor`)."""
    for name, (old, _) in notes["columns"].items():
        setattr(survivor, name, datetime.fromisoformat(old) if old and name in _MOMENTS else old)
    filled = set(notes["fields"])
    survivor.field_values = {name: value for name, value in survivor.field_values.items() if name not in filled}
    if notes["channels"]:
        survivor.comm_channels = survivor.comm_channels[: -notes["channels"]]


def columns_changed(notes: Notes, *, survivor: Customer) -> bool:
    """True if a column that the victim filled was changed since the merge."""
    return bool(_digest(survivor, notes) != notes["digest"])


def save_survivor(survivor: Customer) -> None:
    """Save what `fill_columns` or `restore_columns` changed, with a new version, folded columns and terms."""
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


def victims_of(customer_id: int) -> list[int]:
    """Ids of the customers that are merged into this one, in order."""
    return list(Customer.objects.filter(merged_into=customer_id).order_by("pk").values_list("pk", flat=True))


def redirect_victims(earlier: list[int], *, victim: Customer, survivor: Customer) -> None:
    """Redirect the victim, and the `earlier` customers that were merged into it, to the survivor. All of them are locked."""
    # Before the victim itself: `customer_merged_into_standing` forbids merging into a merged customer.
    Customer.objects.filter(pk__in=earlier).update(merged_into=survivor)
    victim.merged_into = survivor
    victim.save(update_fields=["merged_into"])


def restore_victims(earlier: list[int], *, victim: Customer) -> None:
    """Make the victim a customer of its own again, and the survivor of the `earlier` victims."""
    victim.merged_into = None
    victim.save(update_fields=["merged_into"])
    Customer.objects.filter(pk__in=earlier).update(merged_into=victim)


def transfer_primary_roles(*, victim: Customer, survivor: Customer) -> list[int]:
    """Make the survivor the primary member of groups of both in which the victim is; the ids of the groups."""
    shared = GroupMembership.objects.filter(customer=survivor).values("group")
    primary = GroupMembership.objects.filter(customer=victim, role=GroupMembership.Role.PRIMARY, group__in=shared)
    groups = list(primary.values_list("group_id", flat=True))
    _swap_primary(groups, old=victim, new=survivor)
    return groups


def restore_primary_roles(groups: list[int], *, victim: Customer, survivor: Customer) -> None:
    """Make the victim the primary member of these groups again, if the survivor still is."""
    current = GroupMembership.objects.filter(customer=survivor, group__in=groups, role=GroupMembership.Role.PRIMARY)
    _swap_primary(list(current.values_list("group_id", flat=True)), old=survivor, new=victim)


def _swap_primary(groups: list[int], *, old: Customer, new: Customer) -> None:
    for customer, role in ((old, GroupMembership.Role.MEMBER), (new, GroupMembership.Role.PRIMARY)):
        GroupMembership.objects.filter(customer=customer, group__in=groups).update(role=role)


def _digest_of_identifiers(notes: Notes) -> str:
    """Digest of the identifiers that moved, as the merge left them.

    A released one counts as inherited, and `exclusive`, which follows the policy, as it was noted.
    """
    columns = [column.attname for column in Identifier._meta.concrete_fields]
    rows = Identifier.objects.filter(pk__in=[int(pk) for pk in notes["states"]]).order_by("pk").values(*columns)
    for row in rows:
        if row["state"] == State.FORMER != notes["states"][str(row["id"])]:
            row.update(state=str(State.MERGED), exclusive=True)
        if "exclusive" in notes:
            row["exclusive"] = row["id"] in notes["exclusive"]
    return digest_values(tuple(row.values()) for row in rows)


def _as_json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _digest(survivor: Customer, notes: Notes) -> str:
    columns = [(name, _as_json(getattr(survivor, name))) for name in sorted(notes["columns"])]
    fields = [(name, survivor.field_values.get(name)) for name in notes["fields"]]
    channels = survivor.comm_channels if notes["channels"] else []
    return digest_values([*columns, *fields, *channels])
