"""Drafts of a program's rules: a part of the organization file, laid over the rules of today and checked with the whole file.

What a draft does not name stays as it is. Its checks are those of the organization file: no rule stands twice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from engagement.programs.file_schema import PROGRAM
from engagement.programs.models import Program, ProgramDraft, ProgramVersion
from engagement.programs.organization_file import OWN_KEYS, load_programs, rules_of
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.organization_file.dumping import organization_document
from organizations.organization_file.editing import check_row, digest_of, hold_configuration
from organizations.organization_file.problems import OrganizationFileError, Problem
from organizations.organization_file.reading import read_document
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.sections import Document
from organizations.tenancy.models import Organization
from use_cases.organization_file import SECTIONS

RULE_KEYS: Final = tuple(key for key in PROGRAM.keys if key not in OWN_KEYS)
# Laid over the rules of today, these take all of them away.
_NO_RULES: Final = dict.fromkeys(RULE_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A checked draft: the program, its rules as a version stores them, and the whole document that has them."""

    program: Program
    rules: Mapping[str, Any]
    document: Document


def read_draft(content: bytes, *, organization: Organization, program: str = "") -> Draft:
    """The draft in `content` (YAML 1.2 or JSON): rules of one program, or a file whose section `programs` has it.

    The program is the one named `program`, else the one that the draft names, else the only one of the file, else the default
    one. Keys that are not rules (`bound_to`, `active` and the like) may be there, but not differ from the program's. Raises
    `OrganizationFileError`, whose paths begin at the program. Call it in the organization's scope.
    """
    value = read_document(content)
    if not isinstance(value, dict):
        raise OrganizationFileError([Problem("", "must be a mapping: rules of a program, or a file with programs")])
    row = _program_row(value, program) if "programs" in value else value
    name = program or row.get("name") or ""
    found = Program.objects.filter(name=name).first() if name else Program.objects.filter(is_default=True).first()
    if found is None:
        raise OrganizationFileError([Problem("name", f"there is no program {name!r}" if name else "name the program")])
    return draft_of({key: value for key, value in row.items() if key != "name"}, program=found, organization=organization)


def draft_of(changes: Mapping[str, Any], *, program: Program, organization: Organization) -> Draft:
    """The program's file entry with `changes` by key (values as the file is read), checked. Raises as `read_draft`."""
    document = organization_document(organization, sections=SECTIONS)
    rows: list[dict[str, Any]] = document["programs"]
    number, present = next((number, row) for number, row in enumerate(rows) if row["name"] == program.name)
    problems = [
        Problem(key, "is no rule: change it in the organization file")
        for key in OWN_KEYS
        if key in changes and changes[key] != present.get(key)
    ]
    if problems:
        raise OrganizationFileError(problems)
    rows[number] = {key: value for key, value in {**present, **changes}.items() if value is not None}
    checked = check_row(document, section="programs", number=number, sections=SECTIONS)
    return Draft(program=program, rules=rules_of(checked["programs"][number]), document=checked)


def shown_rules(program: Program, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Stored rules as the organization file has them: values as they are read, without defaults, without the program's name."""
    shown = PROGRAM.show({"name": program.name, **rules})
    del shown["name"]
    return dict(shown)


def _program_row(value: Mapping[str, Any], program: str) -> Mapping[str, Any]:
    rows = [row for row in value["programs"] or () if isinstance(row, dict)] if isinstance(value["programs"], list) else []
    named = [row for row in rows if not program or row.get("name") == program]
    if len(named) != 1:
        message = f"has no program {program!r}" if program else "name the program: the file has none, or several"
        raise OrganizationFileError([Problem("programs", message)])
    return named[0]


class StaleDraftError(Exception):
    """The rules were changed otherwise since the draft began. Nothing was done."""

    def __init__(self) -> None:
        super().__init__("The rules of the program were changed since the draft began. Discard the draft and begin anew.")


class UnseenDraftError(Exception):
    """The draft is another one than was looked at. Nothing was done."""

    def __init__(self) -> None:
        super().__init__("The draft was changed since this page was opened. Look at it again before you save it.")


def mark_of(rules: Mapping[str, Any], keys: Collection[str] = RULE_KEYS) -> str:
    """The state of these keys of rules as the file has them, as text: another one after each change."""
    return digest_of({key: rules[key] for key in sorted(keys) if key in rules})


def _refuse_unseen(program: Program, keys: Collection[str], seen: str) -> None:
    if mark_of(shown_rules(program, rules_in_work(program)), keys) != seen:
        raise UnseenDraftError


def rules_in_work(program: Program) -> Mapping[str, Any]:
    """The rules of the program's draft, or of its newest version if it has none."""
    draft = ProgramDraft.objects.filter(program=program).first()
    rules: Mapping[str, Any] = draft.rules if draft is not None else newest_version(program).rules
    return rules


def newest_version(program: Program) -> ProgramVersion:
    """The version in force."""
    return ProgramVersion.objects.filter(program=program).order_by("-number")[0]


@transaction.atomic
def keep_draft(program: Program, changes: Mapping[str, Any], *, seen: str, by: Actor) -> ProgramDraft | None:
    """Lay `changes` (by key, as the file has them) over the program's draft, and store it; None if it says nothing new.

    What is not named stays as it is in the draft; None takes a key out. `seen` is the mark of the changed keys as they were
    looked at. Raises `UnseenDraftError` if they are others now, and as `draft_of`. The program is not changed.
    """
    hold_configuration(by.organization)
    _refuse_unseen(program, changes, seen)
    whole = {**_NO_RULES, **shown_rules(program, rules_in_work(program)), **changes}
    draft = draft_of(whole, program=program, organization=by.organization)
    return _store_draft(program, draft.rules, by)


@transaction.atomic
def replace_draft(program: Program, content: bytes, *, seen: str, by: Actor) -> ProgramDraft | None:
    """Make the draft equal to all rules in `content` (YAML): what it does not name is not in force by it. As `keep_draft`."""
    hold_configuration(by.organization)
    _refuse_unseen(program, RULE_KEYS, seen)
    value = read_document(content)
    if not isinstance(value, dict):
        raise OrganizationFileError([Problem("", "must be a mapping: the rules of the program")])
    if value.get("name", program.name) != program.name:
        raise OrganizationFileError([Problem("name", "is the name of another program")])
    changes = {**_NO_RULES, **{key: given for key, given in value.items() if key != "name"}}
    return _store_draft(program, draft_of(changes, program=program, organization=by.organization).rules, by)


def _store_draft(program: Program, rules: Mapping[str, Any], by: Actor) -> ProgramDraft | None:
    newest = newest_version(program)
    stored = ProgramDraft.objects.filter(program=program).first()
    if rules == newest.rules:
        if stored is not None:
            stored.delete()
        return None
    if stored is None:
        stored = ProgramDraft(organization=by.organization, program=program, number=newest.number)
    stored.rules, stored.changed_at, stored.changed_by = dict(rules), clock.now(), by.name
    stored.save()
    return stored


@transaction.atomic
def discard_draft(program: Program, *, by: Actor) -> None:
    """Remove the program's draft, if there is one."""
    hold_configuration(by.organization)
    count, _ = ProgramDraft.objects.filter(program=program).delete()
    if count:
        record_changes([Change(action="discarded", object_type="program", object_id=program.pk, old={"draft": True})], by=by)


@transaction.atomic
def publish_draft(program: Program, *, seen: str, by: Actor) -> ProgramVersion:
    """Make the program's draft the next version of its rules, as the organization file would.

    `seen` is the mark of the rules that were looked at. Raises `StaleDraftError` if there is no draft, or another version came
    since it began, `UnseenDraftError` if the draft was changed since it was looked at, and as `draft_of`, for what the draft
    names may be gone. Changes of the configuration wait, as for a load of the organization file.
    """
    hold_configuration(by.organization)
    stored = ProgramDraft.objects.filter(program=program).first()
    if stored is None or stored.number != newest_version(program).number:
        raise StaleDraftError
    _refuse_unseen(program, RULE_KEYS, seen)
    whole = {**_NO_RULES, **shown_rules(program, stored.rules)}
    draft = draft_of(whole, program=program, organization=by.organization)
    rows = RowChanges(by.organization)
    load_programs(draft.document, rows)
    record_changes(rows.changes, by=by)
    stored.delete()
    return newest_version(program)
