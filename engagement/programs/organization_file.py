"""Section `programs` of the organization file.

A program is matched by name. Its rules are one document: where they differ from the newest version's, a version is added.
What the file no longer names is switched off and bound to nothing; its versions, tiers and members stay.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engagement.programs.catalog import BINDINGS, load_catalog, newest_versions
from engagement.programs.file_checks import check_programs
from engagement.programs.file_schema import PROGRAM
from engagement.programs.models import Program, ProgramVersion, Tier
from organizations.card_series.models import CardSeries
from organizations.locations.models import Concept, Zone
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import ListOf, optional
from organizations.organization_file.sections import Document, Section, as_json, list_rows
from organizations.organization_file.versions import VersionTable, WantedDocument, add_versions
from organizations.tenancy.models import Organization

# Keys of the program itself; all others are rules.
OWN_KEYS: Final = ("name", "external_id", "description", "default", "active", "bound_to")
_BOUND: Final[Mapping[str, Any]] = {"zones": Zone, "concepts": Concept, "card_series": CardSeries}
_PROGRAMS: Final = Table(
    model=Program,
    key_of=lambda row: row.name,
    label=lambda row: f"program {row.name}",
    file_keys={"is_active": "active", "is_default": "default"},
)
_VERSIONS: Final = VersionTable(model=ProgramVersion, owner="program", document="rules")
_TIERS: Final = Table(
    model=Tier,
    key_of=lambda row: (row.program_id, row.name),
    label=lambda row: f"tier {row.name}",
    file_keys={"is_active": "active", "program_id": "program"},
)
ProgramRows = Sequence[tuple[str, Mapping[str, Any]]]


def load_programs(document: Document, rows: RowChanges) -> None:
    """Make programs, versions, tiers and bindings equal to a checked document (see `sections.Section`)."""
    program_rows: ProgramRows = list_rows(document, "programs")
    _hand_over_default(program_rows, rows)
    _release_numbers(program_rows, rows)
    programs = rows.apply(_PROGRAMS, [WantedRow(row["name"], path, _values(row)) for path, row in program_rows])
    _load_bindings(program_rows, programs, rows)
    wanted = [WantedDocument(owner=programs[row["name"]], path=path, document=rules_of(row)) for path, row in program_rows]
    add_versions(_VERSIONS, wanted, newest_versions(), rows)
    _load_tiers(program_rows, programs, rows)


def dump_programs(_organization: Organization) -> list[dict[str, Any]]:
    """The programs of the scope's organization as the file has them, the default one first, then by name."""
    catalog = load_catalog()
    codes = {name: dict(model.objects.values_list("pk", "code")) for name, model in _BOUND.items()}
    return [
        {
            "name": current.program.name,
            "external_id": current.program.external_id,
            "description": current.program.description,
            "default": current.program.is_default,
            "active": current.program.is_active,
            "bound_to": {
                name: sorted(codes[name][key] for key in getattr(current.program, f"{name}_ids")) for name in BINDINGS
            },
            **current.version.rules,
        }
        for current in catalog.by_id.values()
    ]


PROGRAMS: Final = Section(
    name="programs",
    schema=optional(ListOf(PROGRAM, key=("name",)), []),
    check=check_programs,
    load=load_programs,
    dump=dump_programs,
)


def rules_of(program: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of a program of a checked document, as a version stores them."""
    shown: dict[str, Any] = as_json(PROGRAM, program)
    return {name: value for name, value in shown.items() if name not in OWN_KEYS}


def _values(program: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": program["name"],
        "external_id": program["external_id"],
        "description": program["description"],
        "is_default": program["default"],
        "is_active": program["active"],
    }


def _hand_over_default(program_rows: ProgramRows, rows: RowChanges) -> None:
    """Unmark a default program that is not the file's: the database refuses two defaults at once.

    If the file names no program, the default one stays, so that the dump remains a valid file.
    """
    paths = {row["name"]: path for path, row in program_rows}
    chosen = next((row["name"] for _, row in program_rows if row["default"]), None)
    for program in Program.objects.filter(is_default=True):
        if chosen is not None and program.name != chosen:
            program.is_default = False
            program.save(update_fields=["is_default"])
            path = paths.get(program.name, _PROGRAMS.label(program))
            rows.record_change(program, path, {"default": True}, {"default": False})


def _release_numbers(program_rows: ProgramRows, rows: RowChanges) -> None:
    """Take the number from a program that the file does not name, if the file gives it to another one."""
    numbers = {row["external_id"] for _, row in program_rows} - {None}
    names = {row["name"] for _, row in program_rows}
    for program in Program.objects.filter(external_id__in=numbers).exclude(name__in=names):
        old, program.external_id = program.external_id, None
        program.save(update_fields=["external_id"])
        rows.record_change(program, _PROGRAMS.label(program), {"external_id": old}, {"external_id": None})


def _load_bindings(program_rows: ProgramRows, programs: Mapping[Any, Program], rows: RowChanges) -> None:
    """Bind each program as the file says; a program that the file does not name is bound to nothing."""
    wanted = {row["name"]: row["bound_to"] or {} for _, row in program_rows}
    if rows.is_new and not any(wanted.values()):
        return
    paths = {row["name"]: f"{path}.bound_to" for path, row in program_rows}
    of_code = {name: {row.code: row for row in model.objects.all()} for name, model in _BOUND.items()}
    changed: list[tuple[Program, str, list[str], list[str]]] = []
    for present in Program.objects.prefetch_related(*BINDINGS):
        program = programs.get(present.name, present)
        for name in BINDINGS:
            old = sorted(row.code for row in getattr(present, name).all())
            new = sorted(wanted.get(present.name, {}).get(name, ()))
            if old != new:
                changed.append((program, name, old, new))
    for program, name, old, new in changed:
        getattr(program, name).set([of_code[name][code] for code in new])
        path = paths.get(program.name, f"{_PROGRAMS.label(program)}.bound_to")
        rows.record_change(program, path, {name: old}, {name: new})


def _load_tiers(program_rows: ProgramRows, programs: Mapping[Any, Program], rows: RowChanges) -> None:
    """Make the rows of the tiers equal to the rules. Only the rules' differences are printed; the audit has both."""
    wanted = [
        WantedRow((program.pk, tier["name"]), f"{path}.tiers[{number}]", _tier_values(program, number, tier))
        for path, row, program in ((path, row, programs[row["name"]]) for path, row in program_rows)
        for number, tier in enumerate(row["tiers"])
    ]
    # Programs that the file no longer names keep the tiers of their last version.
    named = {program.pk for program in programs.values()}
    quiet = RowChanges(rows.organization)
    wanted += [WantedRow(key, "", {}) for key, tier in quiet.existing(_TIERS).items() if tier.program_id not in named]
    quiet.apply(_TIERS, wanted)
    rows.changes += quiet.changes


def _tier_values(program: Program, number: int, tier: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "program_id": program.pk,
        "name": tier["name"],
        "position": number + 1,
        "description": tier["description"],
        "is_active": True,
    }
