"""Sections of the organization file: what a noun declares about its part of the file.

Every noun with a section describes it once (`Section`). The engine checks, loads and dumps the sections that it is given,
in the order of the file, and knows none of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model

from organizations.organization_file.problems import Problems
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.schema import Key, Kind, Struct
from organizations.tenancy.models import Organization

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the organization's own row that a section fills. `differences` makes the printed lines of a change."""

    name: str
    value: Callable[[Document], Any]
    differences: Callable[[Any, Any], Iterator[str]]


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A mapping of the document that may hold a secret under `key`, and its path."""

    path: str
    row: dict[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class InstallationNames:
    """Names that are unique in the whole installation: the column that keeps them, and the path of each name."""

    model: type[Model]
    attribute: str
    paths: Mapping[str, str]


def _check_nothing(_document: Document, _problems: Problems) -> None:
    """No references to other sections."""


def _no_secrets(_document: Document) -> Iterable[SecretKey]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the organization file; `name` is its key in the file.

    `schema` checks the section by itself, `check` its references to other sections. `load` makes rows equal to a checked
    document and records every change. It runs in the load's transaction, with the organization locked and the sections before
    it loaded. `dump` returns the section as `Kind.show` takes it, with or without defaults. Both run in the organization's
    scope. `columns` are filled in the organization's own row, before any section is loaded.
    """

    name: str
    schema: Key
    dump: Callable[[Organization], Any]
    load: Callable[[Document, RowChanges], None] | None = None
    columns: Sequence[Column] = ()
    check: Callable[[Document, Problems], None] = _check_nothing
    secrets: Callable[[Document], Iterable[SecretKey]] = _no_secrets
    installation_names: Callable[[Document], InstallationNames] | None = None
    is_stored: bool = False


def stored_section(name: str, schema: Key, *, check: Callable[[Document, Problems], None] = _check_nothing) -> Section:
    """A section without rows of its own: checked JSON on the organization.

    The part of the product that reads it brings a migration that converts it.
    """
    return Section(
        name=name,
        schema=schema,
        check=check,
        dump=lambda organization: organization.stored_sections.get(name),
        is_stored=True,
    )


def document_schema(sections: Sequence[Section]) -> Struct:
    """The whole document: every section under its key, in the order of `sections`."""
    return Struct({section.name: section.schema for section in sections})


def list_rows(document: Document, section: str) -> list[tuple[str, dict[str, Any]]]:
    """Path and row of every row of a section that is a list."""
    return [(f"{section}[{number}]", row) for number, row in enumerate(document[section])]


def as_json(kind: Kind, value: Any) -> Any:
    """A checked value in the document's shortest form, as a JSON column keeps it."""
    return _jsonable(kind.show(value))


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    # `schema.Number` bounds the digits so that a double keeps them all.
    return float(value) if isinstance(value, Decimal) else value
