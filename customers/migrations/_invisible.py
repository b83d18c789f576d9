"""Stored ids, numbers and codes lose invisible characters (Unicode Cf), by the rule of the day of the migration."""

import logging
import sys
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any

from django.db import IntegrityError, transaction

from customers.migrations._merge_digests import change_rows

BATCH = 500
_INVISIBLE = "".join(chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf")
_REMOVED = dict.fromkeys(map(ord, _INVISIBLE))
log = logging.getLogger(__name__)


def clean_rows(
    rows: Any, merges: Any, names: Collection[str], *, digested: Collection[str], others: dict[str, Any] | None = None
) -> None:
    """Remove invisible characters from these columns, each row in a transaction of its own.

    `others` maps further columns to functions from a cleaned row to their value. A row whose cleaned value another row has stays
    as it is: it is found by its id, and staff decide which of the two is right.
    """
    left = 0
    for row in _dirty(rows, names):
        for name in names:
            setattr(row, name, getattr(row, name).translate(_REMOVED).strip() or getattr(row, name))
        for name, value in (others or {}).items():
            setattr(row, name, value(row))
        try:
            with transaction.atomic(using=rows.db):
                customers = [row.customer_id] if row.customer_id else []
                save = _saving(row, [*names, *(others or {})])
                change_rows(merges, rows, digested, customers=customers, change=save)
        except IntegrityError:
            left += 1
    if left:
        table = rows.model._meta.db_table
        log.warning("%s: %d rows keep invisible characters, because other rows have the values without them", table, left)


def _saving(row: Any, names: Collection[str]) -> Any:
    return lambda: row.save(update_fields=list(names))


def _dirty(rows: Any, names: Collection[str]) -> Iterator[Any]:
    """Rows with an invisible character in one of the columns. The index of the key is read once from end to end."""
    reached = 0
    found = rows.none()
    for name in names:
        found = found | rows.filter(**{f"{name}__regex": f"[{_INVISIBLE}]"})
    while batch := list(found.filter(pk__gt=reached).order_by("pk")[:BATCH]):
        yield from batch
        reached = batch[-1].pk
