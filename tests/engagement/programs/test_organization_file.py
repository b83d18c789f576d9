"""How do programs come out of the organization file, and back into it?"""

from decimal import Decimal
from typing import Any

import pytest
import yaml
from pytest_django import DjangoAssertNumQueries

from engagement.programs.models import Program, ProgramVersion, Tier
from engagement.programs.organization_file import dump_programs, rules_of
from organizations.audit.models import AuditEntry
from organizations.organization_file.dumping import organization_document
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, problems_of, whole
from tests.factories.program_files import club, document, load
from use_cases.organization_file import SECTIONS, check_document, dump_organization, load_organization

pytestmark = pytest.mark.django_db
SOUTH = {"name": "South Club", "bound_to": {"zones": ["south"]}}


def reload(organization: Organization) -> list[str]:
    """What loading its own dump changes."""
    return load_organization(check_document(dump_organization(organization).encode(), environment={})).lines


def audited(kind: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return list(AuditEntry.objects.filter(object_type=kind).order_by("pk").values_list("action", "old", "new"))


def versions(name: str = "Club") -> list[int]:
    return sorted(ProgramVersion.objects.filter(program__name=name).values_list("number", flat=True))


def tiers() -> list[tuple[str, int, bool]]:
    return list(Tier.objects.order_by("position", "name").values_list("name", "position", "is_active"))


def test_a_program_gets_its_row_its_first_version_and_its_tiers() -> None:
    report = load(club())
    assert report.lines[-1] == "programs[0]: created program Club"
    assert report.stored == []
    assert report.organization.stored_sections == {}
    with organization_scope(report.organization):
        program = Program.objects.get()
        assert (program.name, program.description) == ("Club", "The club")
        assert (program.is_default, program.is_active, program.is_paused) == (True, True, False)
        version = ProgramVersion.objects.get()
        assert (version.program, version.number) == (program, 1)
        assert version.rules == {
            "precision": 1,
            "enrolment": {"points": 50},
            "earning": [{"name": "base", "award": {"per": 100, "points": 5}}],
            "tiers": club()["tiers"],
        }
        assert tiers() == [("Bronze", 1, True), ("Silver", 2, True), ("Gold", 3, True)]
        assert Tier.objects.get(name="Silver").description == "Regulars"


def test_every_row_is_audited(northwind: Organization) -> None:
    values = {"name": "Club", "external_id": None, "description": "The club", "default": True, "active": True}
    assert audited("program") == [("created", {}, values)]
    ((action, old, new),) = audited("programversion")
    program = Program.objects.get()
    assert (action, old, new["program"], new["number"]) == ("created", {}, program.pk, 1)
    assert new["rules"] == ProgramVersion.objects.get().rules
    assert [(action, new["name"], new["position"]) for action, _, new in audited("tier")] == [
        ("created", "Bronze", 1),
        ("created", "Silver", 2),
        ("created", "Gold", 3),
    ]


def test_the_same_file_again_changes_nothing(northwind: Organization) -> None:
    entries = AuditEntry.objects.count()
    assert load(club()).lines == []
    assert AuditEntry.objects.count() == entries
    assert versions() == [1]


def test_changed_rules_add_a_version_and_leave_the_old_one(northwind: Organization) -> None:
    changed = club(precision=2, earning=[{"name": "base", "award": {"per": 100, "points": Decimal("7.5")}}])
    assert load(changed).lines == [
        "programs[0].precision: 1 -> 2",
        "programs[0].earning[0].award.points: 5 -> 7.5",
    ]
    assert versions() == [1, 2]
    assert ProgramVersion.objects.get(number=1).rules["precision"] == 1
    load(club())
    assert versions() == [1, 2, 3]


def test_numbers_written_otherwise_are_the_same_rules(northwind: Organization) -> None:
    text = dump_organization(northwind).replace("threshold: 1000}", "threshold: 1000.00}")
    assert "1000.00" in text
    assert load_organization(check_document(text.encode(), environment={})).lines == []


def test_program_columns_make_no_version(northwind: Organization) -> None:
    lines = load(club(description="Another word", active=False)).lines
    assert lines == ['programs[0].description: "The club" -> "Another word"', "programs[0].active: true -> false"]
    assert versions() == [1]
    assert audited("program")[-1] == (
        "changed",
        {"description": "The club", "active": True},
        {"description": "Another word", "active": False},
    )


def test_tiers_follow_the_rules_and_are_never_deleted(northwind: Organization) -> None:
    bronze, silver, gold = club()["tiers"]
    jade = {"name": "Jade", "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 2000}}
    before = {tier.name: tier.pk for tier in Tier.objects.all()}
    lines = load(club(tiers=[bronze, jade, {**gold, "description": "The best"}])).lines
    assert lines[0] == 'programs[0].tiers[1].name: "Silver" -> "Jade"'
    assert not any(line.startswith("tier ") for line in lines)
    assert tiers() == [("Bronze", 1, True), ("Jade", 2, True), ("Silver", 2, False), ("Gold", 3, True)]
    assert Tier.objects.get(name="Gold").description == "The best"
    assert ("deactivated", {"active": True}, {"active": False}) in audited("tier")
    load(club(tiers=[bronze, silver]))
    assert tiers() == [("Bronze", 1, True), ("Jade", 2, False), ("Silver", 2, True), ("Gold", 3, False)]
    assert {name: Tier.objects.get(name=name).pk for name in before} == before


def test_tiers_of_the_same_name_belong_to_their_programs(northwind: Organization) -> None:
    load(club(), {"name": "Other", "tiers": [{"name": "Bronze"}]})
    assert sorted(Tier.objects.filter(name="Bronze").values_list("program__name", flat=True)) == ["Club", "Other"]


def numbers() -> dict[str, int | None]:
    return dict(Program.objects.values_list("name", "external_id"))


def test_two_programs_may_exchange_their_numbers() -> None:
    load(club(external_id=1), {**SOUTH, "external_id": 2})
    organization = load(club(external_id=2), {**SOUTH, "external_id": 1}).organization
    with organization_scope(organization):
        assert numbers() == {"Club": 2, "South Club": 1}
        assert versions() == [1]


def test_a_number_goes_from_a_dropped_program_to_another(northwind: Organization) -> None:
    load(club(), {**SOUTH, "external_id": 778})
    report = load(club(external_id=778))
    assert "program South Club.external_id: 778 -> null" in report.lines
    assert numbers() == {"Club": 778, "South Club": None}


def test_a_number_of_two_programs_is_a_problem() -> None:
    programs = [club(external_id=4), {**SOUTH, "earning": [], "external_id": 4}]
    assert problems_of(document(*programs)) == {"programs[1].external_id": "is that of programs[0]"}


def test_a_program_removed_from_the_file_is_switched_off(northwind: Organization) -> None:
    south = {**SOUTH, "tiers": [{"name": "Palm"}]}
    assert load(club(), south).lines == [
        "programs[1]: created program South Club",
        'programs[1].bound_to.zones: [] -> ["south"]',
    ]
    assert load(club()).lines == [
        "program South Club: no longer named, deactivated",
        'program South Club.bound_to.zones: ["south"] -> []',
    ]
    program = Program.objects.get(name="South Club")
    assert (program.is_active, program.zones.count(), program.versions.count()) == (False, 0, 1)
    assert Tier.objects.get(name="Palm").is_active
    # What it was bound to another program may take.
    load(club(), {"name": "South Two", "bound_to": {"zones": ["south"]}})
    assert reload(northwind) == []
    assert load(club(), south).lines == [
        "programs[1].active: false -> true",
        "program South Two: no longer named, deactivated",
        'programs[1].bound_to.zones: [] -> ["south"]',
        'program South Two.bound_to.zones: ["south"] -> []',
    ]


def test_bindings_are_changed_path_by_path(northwind: Organization) -> None:
    load(club(), SOUTH)
    lines = load(club(), {"name": "South Club", "bound_to": {"concepts": ["food", "fashion"]}}).lines
    assert lines == [
        'programs[1].bound_to.zones: ["south"] -> []',
        'programs[1].bound_to.concepts: [] -> ["fashion", "food"]',
    ]
    assert audited("program")[-1] == ("changed", {"concepts": []}, {"concepts": ["fashion", "food"]})
    load(club(), {"name": "South Club", "bound_to": {"card_series": ["GOLD"]}})
    assert [program.code for program in Program.objects.get(name="South Club").card_series.all()] == ["GOLD"]
    assert reload(northwind) == []


def test_another_program_may_become_the_default_one(northwind: Organization) -> None:
    lines = load(club(default=False), {"name": "New", "default": True}).lines
    assert lines == ["programs[0].default: true -> false", "programs[1]: created program New"]
    assert list(Program.objects.filter(is_default=True).values_list("name", flat=True)) == ["New"]
    assert load(club()).lines == [
        "program New.default: true -> false",
        "programs[0].default: false -> true",
        "program New: no longer named, deactivated",
    ]
    assert reload(northwind) == []


def test_a_file_without_programs_switches_all_off(northwind: Organization) -> None:
    assert load().lines == ["program Club: no longer named, deactivated"]
    assert reload(northwind) == []
    assert Program.objects.filter(is_default=True, is_active=False).count() == 1


def test_staff_s_pause_survives_a_load(northwind: Organization) -> None:
    Program.objects.update(is_paused=True)
    assert load(club(description="Another word")).lines != []
    assert Program.objects.get().is_paused


def test_a_dry_run_leaves_no_program(northwind: Organization) -> None:
    lines = load(club(precision=0), {"name": "Second"}, dry_run=True).lines
    assert lines == ["programs[1]: created program Second", "programs[0].precision: 1 -> null"]
    assert Program.objects.count() == 1
    assert versions() == [1]


def test_the_whole_document_round_trips() -> None:
    organization = load_organization(check(whole())).organization
    assert "programs" not in organization.stored_sections
    text = dump_organization(organization)
    report = load_organization(check_document(text.encode(), environment={}))
    assert report.lines == []
    assert "programs" not in report.stored
    assert dump_organization(report.organization) == text
    programs = yaml.safe_load(text)["programs"]
    assert [program["name"] for program in programs] == ["Meridian Club", "North Club", "South Club"]
    assert programs[1:] == [
        {"name": "North Club", "active": False, "bound_to": {"zones": ["NO"]}},
        {"name": "South Club", "bound_to": {"zones": ["south"]}, "points_to_currency": 1},
    ]


def test_the_dump_of_every_program_equals_the_file() -> None:
    organization = load_organization(check(whole())).organization
    dumped = check(organization_document(organization, sections=SECTIONS))["programs"]
    by_name = {program["name"]: program for program in check(whole())["programs"]}
    assert {program["name"]: rules_of(program) for program in dumped} == {
        name: rules_of(program) for name, program in by_name.items()
    }
    for program in dumped:
        for name in ("name", "description", "default", "active", "bound_to"):
            assert program[name] == by_name[program["name"]][name]


def test_other_organizations_programs_are_left_alone(northwind: Organization) -> None:
    other = document(club(precision=3), SOUTH)
    other["organization"]["code"] = "bazaar"
    bazaar = load_organization(check(other)).organization
    assert Program.objects.count() == 1
    load()
    with organization_scope(bazaar):
        assert Program.objects.filter(is_active=True).count() == 2
        assert [program["name"] for program in dump_programs(bazaar)] == ["Club", "South Club"]


@pytest.mark.parametrize("further", [1, 3])
def test_the_dump_asks_the_same_for_any_number_of_programs(
    northwind: Organization, further: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    load(club(), *({"name": f"Further {number}"} for number in range(further)))
    # Programs, versions, tiers; zones, concepts, card series.
    with django_assert_num_queries(6):
        assert len(dump_programs(northwind)) == further + 1
