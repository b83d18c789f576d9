"""The built-in recommender: what counts, and what it keeps (docs/protocol.md 4.15)."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction

from engagement.bills.models import Bill
from engagement.recommendations import building
from engagement.recommendations.building import Built, build_pairs
from engagement.recommendations.models import ItemPair
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.bills import BillLineFactory, at
from tests.factories.locations import TillFactory
from tests.factories.recommendations import ItemPairFactory, basket, pair
from tests.races import meanwhile, race, wait_until_blocked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _january() -> Iterator[None]:
    with time_machine.travel(at("2026-01-31 12:00:00"), tick=False):
        yield


def sell(till: Till, times: int, *items: str, **more: object) -> list[Bill]:
    return [basket(till, *items, **more) for _ in range(times)]


def build(organization: Organization, min_support: int = 2, days: int = 365) -> dict[tuple[str, str], tuple[int, str]]:
    """Build; the pairs with bills and lift."""
    build_pairs(organization, min_support=min_support, days=days)
    return {(row.item_code, row.other_code): (row.bills, f"{row.lift:f}") for row in ItemPair.objects.all()}


def test_lift_is_how_much_more_often_than_by_chance(organization: Organization, till: Till) -> None:
    sell(till, 3, "TENT", "BAG")
    sell(till, 1, "TENT")
    sell(till, 2, "BAG", "MUG")
    sell(till, 6, "MUG")
    # Of 12 bills 4 have a tent, 5 a bag, 3 both: 3 * 12 / (4 * 5).
    expected = (3, "1.800")
    assert build(organization) == {("TENT", "BAG"): expected, ("BAG", "TENT"): expected}


def test_a_pair_has_names_and_price_of_the_latest_line(organization: Organization, till: Till) -> None:
    sell(till, 2, "TENT", "BAG")
    sell(till, 2, "MUG")
    renamed = basket(till, "BAG", billed_at=at("2026-01-20 12:00:00"))
    renamed.lines.update(description="Down bag", rate=Decimal("199.50"))
    unnamed = basket(till, "BAG", "TENT", billed_at=at("2026-01-21 12:00:00"))
    unnamed.lines.update(description="", rate=0)
    build(organization)
    row = ItemPair.objects.get(item_code="TENT")
    assert (row.item_description, row.other_description, row.other_price) == ("Tent for two", "Down bag", Decimal("199.50"))
    assert ItemPair.objects.get(item_code="BAG").other_price == 10


def test_rare_pairs_are_left_out(organization: Organization, till: Till) -> None:
    sell(till, 3, "TENT", "BAG")
    sell(till, 2, "MUG", "SOCK")
    assert set(build(organization, min_support=3)) == {("TENT", "BAG"), ("BAG", "TENT")}
    assert len(build(organization, min_support=2)) == 4


def test_what_goes_together_by_chance_is_left_out(organization: Organization, till: Till) -> None:
    sell(till, 4, "MUG", "TENT")
    assert build(organization) == {}


def test_bills_that_do_not_count(organization: Organization, till: Till) -> None:
    sell(till, 2, "TENT", "BAG")
    sell(till, 2, "MUG")
    expected = build(organization)
    for more in (
        {"type": Bill.Type.RETURN},
        {"type": Bill.Type.NOT_INTERESTED_RETURN},
        {"is_returned": True},
        {"outlier_status": Bill.Outlier.TEST},
        {"billed_at": at("2024-12-31 12:00:00")},
    ):
        sell(till, 2, "MUG", "SOCK", **more)
    for bill in sell(till, 2, "SOCK"):
        bill.lines.update(returned_quantity=1)
    sell(till, 2, "")
    assert build(organization) == expected
    sell(till, 2, "MUG", "SOCK", type=Bill.Type.NOT_INTERESTED, billed_at=at("2025-02-01 12:00:00"))
    assert ("MUG", "SOCK") in build(organization)
    assert build(organization, days=30) == expected


def test_an_item_counts_once_a_bill(organization: Organization, till: Till) -> None:
    for bill in sell(till, 2, "TENT", "BAG"):
        BillLineFactory(bill=bill, position=3, item_code="BAG")
    sell(till, 2, "MUG")
    assert build(organization)["TENT", "BAG"] == (2, "2.000")


def test_bills_of_very_many_items_are_left_out(organization: Organization, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MOST_ITEMS", 2)
    sell(till, 2, "TENT", "BAG", "STOVE")
    sell(till, 2, "MUG", "SOCK")
    sell(till, 2, "TENT")
    assert set(build(organization)) == {("MUG", "SOCK"), ("SOCK", "MUG")}


def test_an_item_keeps_its_strongest_pairs(organization: Organization, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "MOST_PAIRS", 1)
    sell(till, 3, "TENT", "BAG")
    sell(till, 2, "TENT", "STOVE")
    sell(till, 2, "STOVE")
    sell(till, 9, "MUG")
    assert set(build(organization)) == {("TENT", "BAG"), ("BAG", "TENT"), ("STOVE", "TENT")}


def test_a_new_build_takes_the_place_of_the_last(organization: Organization, till: Till) -> None:
    sell(till, 2, "TENT", "BAG")
    sell(till, 2, "MUG")
    pair(till, "MUG", "TENT", "9")
    kept = pair(till, "TENT", "BAG", "9")
    assert build_pairs(organization, min_support=2) == Built(pairs=2, gone=1)
    kept.refresh_from_db()
    assert (kept.bills, kept.lift, kept.other_price) == (2, 2, 10)
    assert build_pairs(organization, min_support=2) == Built(pairs=2, gone=0)


def test_other_organizations_keep_theirs(organization: Organization, till: Till) -> None:
    with unscoped("tests make their rows"):
        foreign = TillFactory(store__organization__code="bazaar", code="bazaar.till1")
        sell(foreign, 3, "TENT", "BAG")
        ItemPairFactory(organization=foreign.organization)
    sell(till, 2, "MUG")
    assert build(organization) == {}
    with organization_scope(foreign.organization):
        assert ItemPair.objects.count() == 1


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("build_recommendations", *options, stdout=out)
    return out.getvalue()


def test_the_command_builds_one_organization_or_all(organization: Organization, till: Till) -> None:
    with unscoped("tests make their rows"):
        foreign = TillFactory(store__organization__code="bazaar", code="bazaar.till1")
        for each in (till, foreign):
            sell(each, 2, "TENT", "BAG")
            sell(each, 2, "MUG")
    assert run("--organization", "northwind", "--min-support", "2") == "northwind: pairs of items: 2, no longer: 0\n"
    assert run("--all") == "bazaar: pairs of items: 0, no longer: 0\nnorthwind: pairs of items: 0, no longer: 2\n"
    assert run("--all", "--min-support", "2", "--days", "30").count("items: 2") == 2


@pytest.mark.parametrize(
    "options", [(), ("--organization", "nowhere"), ("--all", "--min-support", "1"), ("--all", "--days", "x")]
)
def test_the_command_refuses(organization: Organization, options: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*options)


@pytest.mark.django_db(transaction=True)
def test_builds_beside_each_other_agree(organization: Organization, till: Till) -> None:
    sell(till, 2, "TENT", "BAG")
    sell(till, 2, "MUG")

    def worker(_number: int) -> Built:
        with organization_scope(organization):
            return build_pairs(organization, min_support=2, days=timedelta(days=365).days)

    assert set(race([[0, 1], [0, 1], [0, 1]], worker)) == {Built(pairs=2, gone=0)}
    assert ItemPair.objects.count() == 2


def build_beside(organization: Organization, till: Till, *, is_locked: bool) -> set[tuple[str, str]]:
    """The pairs after two builds, of which the second begins before the first is committed and finds other bills."""

    def on_other_bills() -> Built:
        with organization_scope(organization):
            Bill.objects.filter(lines__item_code="TENT").update(outlier_status="TEST")
            sell(till, 2, "CUP", "POT")
            return build_pairs(organization, min_support=2)

    sell(till, 2, "TENT", "BAG")
    sell(till, 2, "MUG")
    with ExitStack() as second, transaction.atomic():
        assert build_pairs(organization, min_support=2) == Built(pairs=2, gone=0)
        running = second.enter_context(meanwhile(on_other_bills))
        if is_locked:
            wait_until_blocked(1)
        else:
            running.result()
    return {(row.item_code, row.other_code) for row in ItemPair.objects.all()}


@pytest.mark.django_db(transaction=True)
def test_a_build_waits_for_another_one_and_drops_its_pairs(organization: Organization, till: Till) -> None:
    assert build_beside(organization, till, is_locked=True) == {("CUP", "POT"), ("POT", "CUP")}


@pytest.mark.django_db(transaction=True)
def test_twin_builds_without_the_lock_leave_pairs_of_both(
    organization: Organization, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "lock_values", lambda _values: None)
    left = {("TENT", "BAG"), ("BAG", "TENT"), ("CUP", "POT"), ("POT", "CUP")}
    assert build_beside(organization, till, is_locked=False) == left
