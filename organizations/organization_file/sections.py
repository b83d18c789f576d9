"""How does an app above this one keep a section of the organization file in rows of its own?

It describes the section once (`Section`), and whoever loads or dumps hands it in: this app knows the file's words, never who
acts on them. A section that nobody hands in is kept as checked JSON on the organization.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from organizations.organization_file.checking import Document
from organizations.organization_file.document import STORED_SECTIONS
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.schema import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section whose rows another app keeps; `name` is its key in the file.

    `bring` makes the rows what a checked document says, and notes every change. `tell` says them again as `Kind.show` takes
    them, every default written out or not. Both are called in the organization's scope; `bring` in the load's transaction, with
    the organization locked and its own rows (places, fields, card series) in place.
    """

    name: str
    bring: Callable[[Document, RowChanges], None]
    tell: Callable[[], Any]

    def __post_init__(self) -> None:
        if self.name not in STORED_SECTIONS:
            raise ValueError(f"{self.name!r} is no section that another app could keep")


def left_to_store(sections: Collection[Section]) -> tuple[str, ...]:
    """The names of the sections that nobody acts on yet, when `sections` are handed in."""
    kept = {section.name for section in sections}
    return tuple(name for name in STORED_SECTIONS if name not in kept)


def as_json(kind: Kind, value: Any) -> Any:
    """A checked value in the document's shortest form, as a JSON column keeps it."""
    return _jsonable(kind.show(value))


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_jsonable(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    # `schema.Number` bounds the digits so that a double keeps them all.
    return float(value) if isinstance(value, Decimal) else value
