"""What does loading a document do? One transaction that brings the organization to exactly what the document says.

Sections that apps above keep in rows of their own are handed in (`sections.Section`); what nobody acts on yet is kept as
checked JSON on the organization. Loads of one organization wait for each other; credentials are the installation's, so names
that another organization owns are refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from loyalty_project.db.locks import lock
from organizations.audit.actors import command_actor
from organizations.audit.services import Change, record_changes
from organizations.credentials.models import ApiClient
from organizations.locations.models import Till
from organizations.organization_file.checking import Document
from organizations.organization_file.differences import differences
from organizations.organization_file.document import DOCUMENT, STORED_DEFAULTS, STORED_SECTIONS
from organizations.organization_file.problems import Problems
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.sections import Section, as_json, left_to_store
from organizations.organization_file.tables import bring_rows, tills_of
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, or would have done: changed `lines` path by path, `notes` to the operator, `stored` sections."""

    organization: Organization
    lines: list[str]
    notes: list[str]
    stored: list[str]


def load_organization(document: Document, *, sections: Sequence[Section], dry_run: bool = False) -> LoadReport:
    """Bring the organization to what `document` (of `checking.check_document`) says, all of it or nothing.

    `sections` are those of the apps above, in the order in which their rows come about; leaving one out would store it again,
    so whoever loads goes through `use_cases.organization_file`. With `dry_run` everything is done and rolled back.
    Raises `OrganizationFileError` for till codes, client keys and user names that belong to another organization.
    """
    with transaction.atomic():
        _allow_slow_hashes()
        organization = lock(Organization.objects.filter(code=document["organization"]["code"])).first()
        _refuse_foreign_names(document, organization)
        report = _load(document, organization, sections)
        transaction.set_rollback(dry_run)
    return report


def _allow_slow_hashes() -> None:
    """Proving thousands of passwords takes minutes without a statement; the limit on idle transactions would end the load."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _load(document: Document, organization: Organization | None, sections: Sequence[Section]) -> LoadReport:
    lines: list[str] = []
    changes: list[Change] = []
    stored = stored_sections(document, left_to_store(sections))
    organization = _bring_organization(document, organization, stored, lines, changes)
    rows = RowChanges(organization)
    with organization_scope(organization):
        bring_rows(document, rows)
        for section in sections:
            section.bring(document, rows)
        record_changes([*changes, *rows.changes], by=command_actor("load_organization", organization))
    return LoadReport(organization, lines + rows.lines, rows.notes, list(stored))


def _refuse_foreign_names(document: Document, organization: Organization | None) -> None:
    """Till codes, client keys and user names belong to the installation: those of another organization are an error."""
    tills = {till["code"]: f"{path}.code" for path, _, till in tills_of(document)}
    clients = {one["key"]: f"api_clients[{number}].key" for number, one in enumerate(document["api_clients"])}
    staff = {one["username"]: f"staff[{number}].username" for number, one in enumerate(document["staff"])}
    kinds: list[tuple[type[Model], str, dict[str, str]]] = [
        (Till, "code", tills),
        (ApiClient, "key", clients),
        (StaffMember, "username", staff),
    ]
    problems = Problems()
    own = organization.pk if organization else None
    with unscoped("till codes, client keys and user names are unique in the whole installation"):
        for model, name, paths in kinds:
            owners = model._default_manager.filter(**{f"{name}__in": paths}).values_list(name, "organization_id")
            for taken in sorted(one for one, owner in owners if own is None or owner != own):
                problems.add(paths[taken], f"{taken!r} belongs to somebody else on this installation")
    problems.stop_here()


# --- the organization itself


def _bring_organization(
    document: Document,
    organization: Organization | None,
    stored: Mapping[str, Any],
    lines: list[str],
    changes: list[Change],
) -> Organization:
    said = document["organization"]
    values = {
        **said,
        "base_country": said["base_country"] or "",
        "gender_field": (document["fields"] or {}).get("gender_field", ""),
        "flags": document["settings"],
        "identity_verification": _shortest("identity_verification", document),
        "stored_sections": stored,
    }
    if organization is None:
        organization = Organization.objects.create(**values)
        lines.append(f"organization: created {organization.code}")
        changes.append(_change("created", organization, old={}, new=values))
        return organization
    different = [name for name, value in values.items() if getattr(organization, name) != value]
    if different:
        old = {name: getattr(organization, name) for name in different}
        new = {name: values[name] for name in different}
        lines += _organization_lines(old, new)
        changes.append(_change("changed", organization, old=old, new=new))
        for name in different:
            setattr(organization, name, values[name])
        organization.save(update_fields=different)
    return organization


def _change(action: str, organization: Organization, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    return Change(action=action, object_type="organization", object_id=organization.pk, old=old, new=new)


def _organization_lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in new:
        if name == "stored_sections":
            for section in STORED_SECTIONS:
                if section not in old[name] and section in new[name]:
                    yield f"{section}: stored"
                else:
                    yield from differences(section, old[name].get(section), new[name].get(section))
        elif name == "flags":
            for flag in sorted({*old[name], *new[name]}):
                before, after = (flags.get(flag, STORED_DEFAULTS[flag]) for flags in (old[name], new[name]))
                yield from differences(f"settings.{flag}", before, after)
        elif name == "identity_verification":
            yield from differences(name, old[name], new[name])
        else:
            path = "fields.gender_field" if name == "gender_field" else f"organization.{name}"
            yield from differences(path, old[name] or None, new[name] or None)


def stored_sections(document: Document, names: Sequence[str]) -> dict[str, Any]:
    """The named sections as JSON, in the document's shortest form; empty ones are left out."""
    shown = {name: _shortest(name, document) for name in names if document[name]}
    return {name: value for name, value in shown.items() if value}


def _shortest(name: str, document: Document) -> Any:
    return as_json(DOCUMENT.keys[name].kind, document[name] or {})
