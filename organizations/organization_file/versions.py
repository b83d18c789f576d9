"""Versions of documents that a section keeps: the rules of a program, the terms of a coupon series.

A version is never changed: if the file's document differs from that of the newest version, the next version is added.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from loyalty_project import clock
from organizations.audit.services import Change
from organizations.organization_file.differences import differences
from organizations.organization_file.rows import RowChanges

Version = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTable:
    """One kind of version: its foreign key to the versioned row, and its column with the document."""

    model: type[Model]
    owner: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDocument:
    """The document that the file has for a row, and its path."""

    owner: Model
    path: str
    document: Mapping[str, Any]


def add_versions(
    table: VersionTable, wanted: Iterable[WantedDocument], newest: Mapping[int, Version], rows: RowChanges
) -> None:
    """Add a version to every row whose document differs, or which has none. Each difference is printed with its path.

    `newest` has the version in force by the id of its row.
    """
    added: list[Version] = []
    for want in wanted:
        present = newest.get(want.owner.pk)
        old = getattr(present, table.document, None)
        if present is not None and old == want.document:
            continue
        if present is not None:
            rows.lines += differences(want.path, old, want.document)
        own = {table.owner: want.owner, table.document: want.document}
        number = present.number + 1 if present is not None else 1
        added.append(table.model(organization=rows.organization, number=number, made_at=clock.now(), **own))
    table.model._default_manager.bulk_create(added)
    rows.changes += [
        Change(
            action="created",
            object_type=str(table.model._meta.model_name),
            object_id=version.pk,
            new={
                table.owner: getattr(version, f"{table.owner}_id"),
                "number": version.number,
                table.document: getattr(version, table.document),
            },
        )
        for version in added
    ]
