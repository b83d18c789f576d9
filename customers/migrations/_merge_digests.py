"""Digests of recorded merges while a migration cleans rows that had moved.

A merge is undone only if the rows that moved are unchanged, which a digest tells. A migration that changes such rows renews the
digests that were right before. Columns and their order are those that digests cover for ever (`test_merge_digests`).
"""

from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any

IDENTIFIER = ["id", "organization_id", "customer_id", "kind", "value", "state", "exclusive", "value_folded", "value_reversed"]
CARD = [
    "id",
    "organization_id",
    "series_id",
    "number",
    "external_id",
    "customer_id",
    "status",
    "label",
    "issued_on",
    "expires_on",
]
BILL = [
    "id",
    "organization_id",
    "customer_id",
    "type",
    "number",
    "scope",
    "billed_on",
    "billed_at",
    "recorded_at",
    "till_id",
    "store_id",
    "amount",
    "gross_amount",
    "discount",
    "returned_amount",
    "is_returned",
    "return_of_id",
    "return_type",
    "sale_returned",
    "returned_number",
    "outlier_status",
    "delivery_status",
    "notes",
    "source",
    "currency",
    "currency_ratio",
    "field_values",
    "details",
    "content",
    "recorded_by",
]


def change_rows(
    merges: Any, rows: Any, columns: Collection[str], *, customers: Collection[int], change: Callable[[], None]
) -> None:
    """Call `change`, which changes rows of these customers; keep the digests of merges into them right."""
    rows = rows.model._base_manager.using(rows.db)
    kept = []
    for merge in merges.filter(survivor__in=customers, undone_at=None):
        notes, ids = _notes(merge.moved, rows.model._meta.label_lower)
        if ids and _digest(rows, ids, columns) == notes["digest"]:
            kept.append((merge, notes, ids))
    change()
    for merge, notes, ids in kept:
        notes["digest"] = _digest(rows, ids, columns)
        merge.save(update_fields=["moved"])


def _notes(moved: dict[str, Any], label: str) -> tuple[dict[str, Any], list[int]]:
    """What the merge noted about rows of the model, a part of `moved`, and their ids."""
    if label == "customers.identifier":
        notes = moved.get("identifiers", {})
        return notes, [int(pk) for pk in notes.get("states", {})]
    notes = moved.get("rows", {}).get(f"{label}.customer", {})
    return notes, notes.get("ids", [])


def _digest(rows: Any, ids: Collection[int], columns: Collection[str]) -> str:
    digest = sha256()
    for row in rows.filter(pk__in=ids).order_by("pk").values_list(*columns):
        digest.update(repr(row).encode())
    return digest.hexdigest()
