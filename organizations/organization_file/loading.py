"""Load of a checked document: one transaction that makes the organization equal to the document.

Loads of one organization wait for each other. Names that are unique in the installation are refused if another organization
has them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from loyalty_project.db.locks import lock
from organizations.audit.actors import command_actor
from organizations.audit.services import Change, record_changes
from organizations.organization_file.differences import differences
from organizations.organization_file.problems import Problems
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.sections import Column, Document, Section, as_json
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Result of a load or dry run: changed `lines` path by path, `notes` to the operator, names of `stored` sections."""

    organization: Organization
    lines: list[str]
    notes: list[str]
    stored: list[str]


def load_organization(document: Document, *, sections: Sequence[Section], dry_run: bool = False) -> LoadReport:
    """Make the organization equal to a checked document, all of it or nothing.

    `sections` are all sections of the file; `use_cases.organization_file` has them. With `dry_run` everything is done and
    rolled back. Raises `OrganizationFileError` for names that belong to another organization.
    """
    with transaction.atomic():
        _allow_slow_hashes()
        organization = lock(Organization.objects.filter(code=document["organization"]["code"])).first()
        _refuse_foreign_names(document, organization, sections)
        report = _load(document, organization, sections)
        transaction.set_rollback(dry_run)
    return report


def stored_sections(document: Document, sections: Sequence[Section]) -> dict[str, Any]:
    """The sections without rows of their own as JSON, in the document's shortest form; empty ones are left out."""
    shown = {
        section.name: as_json(section.schema.kind, document[section.name])
        for section in sections
        if section.is_stored and document[section.name]
    }
    return {name: value for name, value in shown.items() if value}


def _allow_slow_hashes() -> None:
    """Lift the limit on idle transactions: verifying thousands of passwords takes minutes without a statement."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _refuse_foreign_names(document: Document, organization: Organization | None, sections: Sequence[Section]) -> None:
    problems = Problems()
    own = organization.pk if organization else None
    with unscoped("till codes, client keys and user names are unique in the whole installation"):
        for section in sections:
            if section.installation_names is None:
                continue
            names = section.installation_names(document)
            owners = names.model._default_manager.filter(**{f"{names.attribute}__in": names.paths})
            values = owners.values_list(names.attribute, "organization_id")
            for name in sorted(name for name, owner in values if own is None or owner != own):
                problems.add(names.paths[name], f"{name!r} is already taken on this installation")
    problems.raise_if_any()


def _load(document: Document, organization: Organization | None, sections: Sequence[Section]) -> LoadReport:
    stored = stored_sections(document, sections)
    columns = [*(column for section in sections for column in section.columns), _stored_column(stored, sections)]
    is_new = organization is None
    organization, lines, changes = _load_organization_row(document, organization, columns)
    rows = RowChanges(organization, is_new=is_new)
    with organization_scope(organization):
        for section in sections:
            if section.load is not None:
                section.load(document, rows)
        record_changes([*changes, *rows.changes], by=command_actor("load_organization", organization))
    return LoadReport(organization, [*lines, *rows.lines], rows.notes, list(stored))


def _stored_column(stored: Mapping[str, Any], sections: Sequence[Section]) -> Column:
    def lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        for section in sections:
            if section.name not in old and section.name in new:
                yield f"{section.name}: stored"
            else:
                yield from differences(section.name, old.get(section.name), new.get(section.name))

    return Column(name="stored_sections", value=lambda _document: stored, differences=lines)


def _load_organization_row(
    document: Document, organization: Organization | None, columns: Sequence[Column]
) -> tuple[Organization, list[str], list[Change]]:
    """Create or change the organization's own row; returns it with the printed lines and audited changes."""
    values = {column.name: column.value(document) for column in columns}
    if organization is None:
        organization = Organization.objects.create(**values)
        lines = [f"organization: created {organization.code}"]
        return organization, lines, [_change("created", organization, old={}, new=values)]
    old = {name: getattr(organization, name) for name, value in values.items() if getattr(organization, name) != value}
    if not old:
        return organization, [], []
    new = {name: values[name] for name in old}
    lines = [
        line for column in columns if column.name in old for line in column.differences(old[column.name], new[column.name])
    ]
    for name, value in new.items():
        setattr(organization, name, value)
    organization.save(update_fields=list(new))
    return organization, lines, [_change("changed", organization, old=old, new=new)]


def _change(action: str, organization: Organization, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    return Change(action=action, object_type="organization", object_id=organization.pk, old=old, new=new)
