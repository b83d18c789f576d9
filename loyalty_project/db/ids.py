"""Primary keys that are drawn before their rows are written."""

from collections.abc import Sequence
from typing import Final

from django.db import models

from loyalty_project.db.arrays import text_array
from loyalty_project.db.statements import fetch_written


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """The next `count` primary keys of `model`; no other transaction gets them."""
    return _draw([model._meta.db_table] * count)


def give_ids(*groups: Sequence[models.Model], ahead: Sequence[type[models.Model]] = ()) -> list[int]:
    """Give unsaved rows their primary keys, for rows that refer to each other before they are written: one statement.

    Returns the primary keys of a later row of each of the models `ahead`.
    """
    rows = [row for group in groups for row in group]
    ids = _draw([*(row._meta.db_table for row in rows), *(model._meta.db_table for model in ahead)])
    for row, pk in zip(rows, ids, strict=False):
        row.pk = pk
    return ids[len(rows) :]


def _draw(tables: Sequence[str]) -> list[int]:
    """The next primary key of each of these tables, in their order."""
    return [row[0] for row in fetch_written(DRAW, {"tables": text_array(tables)})] if tables else []


DRAW: Final = "SELECT nextval(pg_get_serial_sequence(name, 'id')) FROM unnest(%(tables)s::text[]) AS given (name)"
