"""One row of a section changed by hand: checked with the whole file, and saved as a load of the file would."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from loyalty_project.db.locks import lock_without_keys
from organizations.audit.actors import Actor
from organizations.audit.services import record_changes
from organizations.organization_file.checking import check_values
from organizations.organization_file.dumping import organization_document
from organizations.organization_file.problems import OrganizationFileError, Problem
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.schema import Struct
from organizations.organization_file.sections import Document, Section
from organizations.organization_file.writing import write_document
from organizations.tenancy.models import Organization

Row = Mapping[str, Any]
MOVED: Final = "it was changed meanwhile; open it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableSection:
    """A section whose rows are changed one by one: its schema of a row, and the key that names a row.

    `own_keys` are columns of the row itself; all others are terms, which make a version. `single_flag` is a flag that one row
    alone has: given to a row, it is taken from the other. `sections` are all sections of the file.
    """

    section: Section
    struct: Struct
    key: str
    own_keys: Sequence[str]
    single_flag: str = ""
    sections: Sequence[Section]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A checked change of one row: the row before (empty: a new one) and after in shortest form, and the document with it."""

    before: Row
    after: Row
    document: Document


def shown_row(editable: EditableSection, name: str, *, organization: Organization) -> dict[str, Any]:
    """The row of that name as the file has it, without defaults. Call it in the organization's scope."""
    rows = editable.section.dump(organization)
    shown: dict[str, Any] = editable.struct.show(next(row for row in rows if row[editable.key] == name))
    return shown


def digest_of(row: Row) -> str:
    """A short digest of a row as the file has it, which differs once the row was changed."""
    return hashlib.sha256(write_document(row).encode()).hexdigest()[:16]


def check_edit(editable: EditableSection, typed: Row, *, name: str, organization: Organization) -> Edit:
    """The change that makes `typed` of the row of that name, or with name "" a new row of it.

    Raises `OrganizationFileError`, whose paths begin at the row.
    """
    section = editable.section.name
    document = organization_document(organization, sections=editable.sections)
    rows: list[Row] = document.get(section, [])
    before = next((row for row in rows if row[editable.key] == name), {}) if name else {}
    if not name and any(row[editable.key] == typed.get(editable.key) for row in rows):
        raise OrganizationFileError([Problem(editable.key, "is taken already")])
    # The last of all, so that what it shares with another row is a problem of this one.
    others = [row for row in rows if row is not before]
    if typed.get(editable.single_flag):
        others = [{key: value for key, value in row.items() if key != editable.single_flag} for row in others]
    document[section] = [*others, typed]
    try:
        checked = check_row(document, section=section, number=len(others), sections=editable.sections)
    except OrganizationFileError as error:
        names = [str(row[editable.key]) for row in others]
        raise OrganizationFileError([_by_names(problem, section, names) for problem in error.problems]) from error
    after: Row = editable.struct.show(checked[section][-1])
    return Edit(before=before, after=after, document=checked)


@transaction.atomic
def save_edit(editable: EditableSection, typed: Row, *, name: str, seen: str, by: Actor) -> Edit:
    """Do what `check_edit` describes, with its audit, by the section's own load; as there.

    `seen` is the digest of the row for which the change was typed: one that was changed meanwhile is refused. Changes of the
    configuration wait for each other; tills go on.
    """
    hold_configuration(by.organization)
    edit = check_edit(editable, typed, name=name, organization=by.organization)
    refuse_if_moved(edit, seen)
    rows = RowChanges(by.organization)
    if editable.section.load is not None:
        editable.section.load(edit.document, rows)
    record_changes(rows.changes, by=by)
    return edit


def hold_configuration(organization: Organization) -> None:
    """Keep others from changing the organization's configuration until the transaction ends; tills go on."""
    lock_without_keys(Organization.objects.filter(pk=organization.pk)).get()


def refuse_if_moved(edit: Edit, seen: str) -> None:
    """Raise `OrganizationFileError` if the row before is not the one of the digest `seen`."""
    if digest_of(edit.before) != seen:
        raise OrganizationFileError([Problem("", MOVED)])


def check_row(document: Any, *, section: str, number: int, sections: Sequence[Section]) -> Document:
    """The document, checked. Raises `OrganizationFileError`, in which paths of the row with that number begin at the row."""
    try:
        return check_values(document, sections=sections, environment={})
    except OrganizationFileError as error:
        prefix = f"{section}[{number}]."
        raise OrganizationFileError(
            [Problem(problem.path.removeprefix(prefix), problem.message) for problem in error.problems]
        ) from error


def _by_names(problem: Problem, section: str, names: Sequence[str]) -> Problem:
    """The problem with names of rows in place of their numbers: "is that of TENOFF"."""

    def name(found: re.Match[str]) -> str:
        number = int(found[1])
        return names[number] if number < len(names) else found[0]

    return Problem(problem.path, re.sub(rf"{section}\[(\d+)\]", name, problem.message))
