"""Bills whose lines a file brings later, and what they earn more by these."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.points.checks.run import check_ledger
from engagement.points.explanations import explain
from engagement.points.models import BillPoints, PointsEntry
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program
from engagement.programs.pausing import set_paused
from organizations.tenancy.models import Organization
from referrals.campaigns.catalog import load_campaigns
from tests.factories.bills import DAY, NOON, Shop, account_of, member
from tests.factories.locations import till_actor
from tests.factories.program_files import club, load
from tests.factories.statuses import CustomerStatusFactory, label
from tests.imports import Outcome, run_import, write_lines
from use_cases.deferred_events import work_deferred_events
from use_cases.purchases import record_lines, record_purchases

pytestmark = pytest.mark.django_db
HEADER = "id,number,billing_time,till_code,item_sku,quantity,amount,attribute.season"
SHOES: dict[str, Any] = {"name": "shoes", "when": {"items": {"include": ["SHOE"]}}, "award": {"percent": 20}, "group": "g"}
WHOLE: dict[str, Any] = {"name": "whole", "award": {"percent": 5}, "group": "g"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines.csv"


def run(path: Path, customer: Customer, *lines: str, options: tuple[str, ...] = ()) -> Outcome:
    rows = [f"{customer.pk},1,2026-03-02,blr.till1,{cells}" for cells in lines]
    return run_import("import_line_items", write_lines(path, HEADER, *rows), *options)


def give(*rules: dict[str, Any]) -> None:
    load(club(earning=list(rules), precision=0))


def sold(shop: Shop, customer: Customer, **more: Any) -> None:
    shop.record_all([shop.draft("1", 1000, customer_id=customer.pk, **more)], is_history=True)


@pytest.mark.parametrize(
    ("shoes", "lifetime", "of_lines"),
    [(500, 100, [{"points": "100", "lines": [1]}]), (100, 50, [])],
)
def test_a_bill_gets_what_its_lines_earn_less_what_it_had(
    shop: Shop, asha: Customer, path: Path, shoes: int, lifetime: int, of_lines: list[dict[str, Any]]
) -> None:
    give(WHOLE, SHOES)
    sold(shop, asha)
    outcome = run(path, asha, f"SHOE,1,{shoes},", f"HAT,1,{1000 - shoes},")
    assert outcome.counts == (2, 0, 0, 0)
    counted = BillPoints.objects.get()
    assert (account_of(asha).lifetime, counted.issued, counted.of_lines) == (lifetime, lifetime, of_lines)
    assert run(path, asha, f"SHOE,1,{shoes},", f"HAT,1,{1000 - shoes},").counts == (0, 0, 2, 0)
    assert account_of(asha).lifetime == lifetime
    assert list(check_ledger(shop.organization)) == []


def test_the_supplement_is_dated_and_explained_as_of_the_bill(shop: Shop, asha: Customer, path: Path) -> None:
    give(WHOLE, SHOES)
    sold(shop, asha)
    run(path, asha, "SHOE,1,500,", "HAT,1,500,")
    entry = PointsEntry.objects.order_by("-pk")[0]
    assert (entry.points, entry.occurred_at, entry.made_by) == (50, NOON, "command:import_line_items")
    assert explain(entry).endswith(
        "20 percent of 500, the part of line 1 in 1000, which is 100, less 50 that the bill brought before its lines came."
    )


def test_lines_of_one_bill_are_never_divided(shop: Shop, asha: Customer, path: Path) -> None:
    give(SHOES)
    sold(shop, asha)
    # Alone in a batch, the first line would be the whole base.
    run(path, asha, "SHOE,1,100,", "HAT,1,400,", "HAT,2,500,", options=("--batch-size", "1"))
    assert account_of(asha).lifetime == 20


def test_attributes_are_columns_of_their_own(shop: Shop, asha: Customer, path: Path) -> None:
    give({"name": "winter", "when": {"attributes": {"season": ["winter"]}}, "award": {"percent": 10}, "max_points": 15})
    sold(shop, asha)
    outcome = run(path, asha, "SHOE,1,300,winter", "SHOE,1,300,", "HAT,1,400,summer")
    assert (outcome.counts, account_of(asha).lifetime) == ((3, 0, 0, 0), 15)
    assert "Warning 1097" in outcome.err
    assert run_import("import_line_items", write_lines(path, HEADER.replace(".season", "."))).status == 2


def test_a_cap_counts_what_the_bill_itself_had_once(shop: Shop, asha: Customer, path: Path) -> None:
    give({**SHOES, "max_points_per_day": 150}, {"name": "base", "award": {"percent": 5}, "max_points_per_day": 50})
    sold(shop, asha)
    run(path, asha, "SHOE,1,500,", "HAT,1,500,")
    assert account_of(asha).lifetime == 150
    run(path, asha, "HAT,3,0,")
    assert account_of(asha).lifetime == 150


@pytest.mark.parametrize("how", ["returned", "stated", "blocked", "paused", "no member"])
def test_a_bill_that_earns_nothing_more(northwind: Organization, shop: Shop, asha: Customer, path: Path, how: str) -> None:
    give(SHOES)
    sold(shop, asha, **({"stated_points": Decimal(3)} if how == "stated" else {}))
    if how == "returned":
        shop.record(shop.returned("1", customer_id=asha.pk, return_type="FULL"))
    if how == "blocked":
        label(asha, CustomerStatusFactory(organization=northwind, blocks=["points_issue"]))
    if how == "paused":
        set_paused(Program.objects.all(), paused=True, by=till_actor(shop.till))
    if how == "no member":
        BillPoints.objects.all().delete()
    assert run(path, asha, "SHOE,1,500,").counts == (1, 0, 0, 0)
    assert account_of(asha).lifetime == (3 if how == "stated" else 0)


def test_a_deferred_bill_earns_with_its_lines_once(northwind: Organization, shop: Shop, asha: Customer, path: Path) -> None:
    give(SHOES)
    by = till_actor(shop.till)
    record_purchases(
        [shop.draft("1", 1000, customer_id=asha.pk)],
        catalog=load_catalog(),
        campaigns=load_campaigns(),
        by=by,
        now=NOON + DAY,
        defer_awards=True,
    )
    run(path, asha, "SHOE,1,500,", "HAT,1,500,")
    assert account_of(asha).lifetime == 0
    work_deferred_events(northwind, asha.pk)
    assert account_of(asha).lifetime == 100


def test_more_points_than_can_be_kept_are_a_warning(shop: Shop, asha: Customer, path: Path) -> None:
    give({**SHOES, "award": {"per": Decimal("0.001"), "points": 999_999_999_999}})
    sold(shop, asha)
    outcome = run(path, asha, "SHOE,1,500,")
    assert (outcome.counts, account_of(asha).lifetime) == ((1, 0, 0, 0), 0)
    assert "Warning 1087" in outcome.err


@pytest.mark.parametrize("people", [1, 3])
def test_a_batch_is_awarded_by_the_same_queries_whatever_its_size(
    northwind: Organization, shop: Shop, people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    give(SHOES)
    members = [member(northwind) for _ in range(people)]
    drafts = [shop.draft(str(number), 1000, customer_id=customer.pk) for number, customer in enumerate(members)]
    shop.record_all(drafts, is_history=True)
    lines = [(draft, LineDraft(item_code="SHOE", amount=Decimal(1000))) for draft in drafts]
    catalog, by = load_catalog(), till_actor(shop.till)
    with transaction.atomic(), django_assert_num_queries(14):
        record_lines(lines, catalog=catalog, by=by, now=NOON + DAY)
    assert {account_of(customer).lifetime for customer in members} == {200}
