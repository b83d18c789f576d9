"""Which programs count where something happens, and by which rules?"""

import pytest
from pytest_django import DjangoAssertNumQueries

from engagement.programs.catalog import ApplicablePrograms, ProgramCatalog, load_catalog
from engagement.programs.models import Program
from organizations.card_series.models import CardSeries
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import OutsideScopeError, no_scope, organization_scope
from tests.factories.program_files import club, load, loaded

pytestmark = pytest.mark.django_db


def names(programs: ApplicablePrograms) -> tuple[str | None, str | None]:
    till, default = (program.program.name if program else None for program in programs)
    return till, default


def at(code: str, catalog: ProgramCatalog | None = None, series: tuple[str, ...] = ()) -> tuple[str | None, str | None]:
    cards = CardSeries.objects.filter(code__in=series).values_list("pk", flat=True)
    return names((catalog or load_catalog()).programs_for(Store.objects.get(code=code), card_series=list(cards)))


def test_the_default_program_counts_everywhere(northwind: Organization) -> None:
    assert at("blr") == at("web") == (None, "Club")
    assert names(load_catalog().programs_for(None)) == (None, "Club")


@pytest.mark.parametrize(("kind", "code"), [("zones", "south"), ("concepts", "food")])
def test_a_bound_program_counts_at_the_stores_it_is_bound_to(northwind: Organization, kind: str, code: str) -> None:
    load(club(), {"name": "Bound", "bound_to": {kind: [code]}})
    assert at("blr") == ("Bound", "Club")
    assert at("del") == at("web") == (None, "Club")
    assert names(load_catalog().programs_for(None)) == (None, "Club")


def test_a_program_bound_to_cards_counts_for_those_who_have_one(northwind: Organization) -> None:
    load(club(), {"name": "Cards", "bound_to": {"card_series": ["GOLD"]}})
    assert at("blr", series=("GOLD", "PLAIN")) == ("Cards", "Club")
    assert at("blr", series=("PLAIN",)) == at("blr") == (None, "Club")


def test_a_further_program_bound_to_nothing_counts_where_none_is_bound(northwind: Organization) -> None:
    load(
        club(),
        {"name": "Everywhere"},
        {"name": "Later by name"},
        {"name": "South", "bound_to": {"zones": ["south"]}},
    )
    assert at("blr") == ("South", "Club")
    assert at("del") == at("web") == ("Everywhere", "Club")
    assert names(load_catalog().programs_for(None)) == ("Everywhere", "Club")


def test_a_program_that_is_switched_off_counts_nowhere(northwind: Organization) -> None:
    load(club(active=False), {"name": "South", "bound_to": {"zones": ["south"]}, "active": False})
    catalog = load_catalog()
    assert at("blr", catalog) == (None, None)
    assert (catalog.default, catalog.active, catalog.is_empty) == (None, [], False)
    assert set(catalog.by_name) == {"Club", "South"}


def test_a_paused_program_is_described_as_paused(northwind: Organization) -> None:
    Program.objects.update(is_paused=True)
    default = load_catalog().default
    assert default is not None
    assert default.program.is_paused


def test_an_organization_without_programs_has_an_empty_catalog() -> None:
    with organization_scope(loaded()):
        catalog = load_catalog()
        assert catalog.is_empty
        assert catalog.programs_for(None).both() == []


def test_both_gives_the_tills_program_first(northwind: Organization) -> None:
    load(club(), {"name": "A further one"})
    assert [entry.program.name for entry in load_catalog().programs_for(None).both()] == ["A further one", "Club"]


def test_a_program_has_its_newest_rules_and_tiers_lowest_first(northwind: Organization) -> None:
    bronze, _silver, gold = club()["tiers"]
    load(club(precision=0, tiers=[bronze, gold]))
    current = load_catalog().by_name["Club"]
    assert current.version.number == 2
    assert current.rules.precision == 0
    assert [(tier.name, tier.position) for tier in current.tiers] == [("Bronze", 1), ("Gold", 2)]
    assert load_catalog().by_id[current.program.pk].program == current.program


@pytest.mark.parametrize("further", [1, 3])
def test_loading_the_catalog_costs_three_queries(
    northwind: Organization, further: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    zones = [["south"], ["north"], []]
    load(club(), *({"name": f"P{number}", "bound_to": {"zones": zones[number]}} for number in range(further)))
    stores = list(Store.objects.all())
    with django_assert_num_queries(3):
        catalog = load_catalog()
        assert [catalog.programs_for(store).default is not None for store in stores] == [True, True, True]


def test_programs_of_another_organization_are_not_seen(northwind: Organization) -> None:
    with organization_scope(Organization.objects.create(code="bazaar", name="Bazaar")):
        assert load_catalog().is_empty
    with no_scope(), pytest.raises(OutsideScopeError):
        load_catalog()
