"""How do tiers of another system come in? (docs/imports.md)"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.programs.models import Program
from engagement.tiers.models import TierChange
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.engagement.tiers.test_evaluation import GOLD, SILVER
from tests.factories.bills import NOON, account_of, member, membership_of
from tests.factories.program_files import club, loaded
from tests.imports import Outcome, rejects, run_import, write_lines

COLUMNS = "id,tier,since,expires_on,locked_until,note"
Bring = Callable[..., Outcome]
pytestmark = pytest.mark.django_db


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(
        club(tiers=[{"name": "Bronze"}, SILVER, GOLD]),
        {"name": "South", "bound_to": {"zones": ["south"]}, "tiers": [{"name": "Low"}]},
    )
    with organization_scope(organization), time_machine.travel(NOON, tick=False):
        yield organization


@pytest.fixture
def asha(northwind: Organization) -> Customer:
    return member(northwind)


@pytest.fixture
def bring(northwind: Organization, tmp_path: Path) -> Bring:
    """Imports rows under a header; rejected rows are in `errors.csv`."""

    def bring(*rows: str, header: str = COLUMNS) -> Outcome:
        path = write_lines(tmp_path / "tiers.csv", header, *rows)
        return run_import("import_tiers", path, "--errors", str(tmp_path / "errors.csv"))

    assert northwind.code == "northwind"
    return bring


def details(tmp_path: Path) -> list[tuple[str, str]]:
    return [(row["error_code"], row["error_detail"]) for row in rejects(tmp_path / "errors.csv")]


def test_a_tier_is_held_as_the_file_says(asha: Customer, bring: Bring) -> None:
    row = f"{asha.pk},Silver,2026-02-01 10:00:00,2027-05-04,2027-06-30,from the old system"
    assert bring(row).counts == (1, 0, 0, 0)
    membership = membership_of(asha)
    since = datetime(2026, 2, 1, 4, 30, tzinfo=UTC)
    assert membership.tier is not None
    assert (membership.tier.name, membership.tier_since, membership.tier_counts_from) == ("Silver", since, since)
    assert (membership.tier_expires_on, membership.tier_due_on, membership.tier_locked_until) == (
        date(2027, 5, 4), date(2027, 5, 4), date(2027, 6, 30),
    )  # fmt: skip
    change = TierChange.objects.select_related("from_tier").get()
    assert (change.kind, change.cause, change.from_tier.name, change.changed_at) == ("UPGRADE", "IMPORT", "Bronze", since)
    assert (change.note, change.made_by) == ("from the old system", "command:import_tiers")
    due_at = account_of(asha).due_at
    assert due_at is not None
    assert due_at.date() == date(2027, 5, 4)
    assert bring(row).counts == (0, 0, 1, 0)
    assert TierChange.objects.count() == 1


def test_what_the_file_leaves_out_follows_the_rules(asha: Customer, bring: Bring) -> None:
    assert bring(f"{asha.pk},Silver", header="id,tier").counts == (1, 0, 0, 0)
    assert (membership_of(asha).tier_since, membership_of(asha).tier_expires_on) == (NOON, date(2027, 3, 2))
    assert bring(f"{asha.pk},Silver", header="id,tier").counts == (0, 0, 1, 0)


def test_rows_of_a_customer_are_set_in_order(asha: Customer, bring: Bring) -> None:
    rows = [f"{asha.pk},{tier},2026-0{month}-01,,," for tier, month in (("Silver", 3), ("Gold", 2), ("Silver", 1))]
    assert bring(*rows).counts == (3, 0, 0, 0)
    kinds = list(TierChange.objects.order_by("changed_at").values_list("kind", "to_tier__name"))
    assert kinds == [("UPGRADE", "Silver"), ("UPGRADE", "Gold"), ("DOWNGRADE", "Silver")]
    assert bring(*rows).counts == (0, 0, 3, 0)
    later = f"{asha.pk},Silver,2026-03-02,2028-01-01,,"
    assert bring(later).counts == (1, 0, 0, 0)
    assert TierChange.objects.latest("pk").kind == "RENEW"


def test_a_tier_that_is_over_is_evaluated_by_the_next_read(asha: Customer, bring: Bring) -> None:
    bring(f"{asha.pk},Silver,2024-02-01,2025-02-01,,")
    assert membership_of(asha).tier_expires_on == date(2025, 2, 1)
    due_at = account_of(asha).due_at
    assert due_at is not None
    assert due_at < NOON


@pytest.mark.parametrize(
    ("row", "code", "problem"),
    [
        ("Platinum,,,,", "400", 'tier: "Platinum" is not a tier of Club'),
        ("Silver,2026-03-04,,,", "400", 'since: "2026-03-04" is in the future'),
        ("Silver,2026-03-01,2026-02-28,,", "400", 'expires_on: "2026-02-28" is before the tier begins'),
        (",,,,", "400", "tier: it is blank, but every row needs it"),
    ],
)
def test_what_is_wrong_is_rejected(asha: Customer, bring: Bring, tmp_path: Path, row: str, code: str, problem: str) -> None:
    assert bring(f"{asha.pk},{row}").counts == (0, 0, 0, 1)
    assert details(tmp_path) == [(code, problem)]
    assert not TierChange.objects.exists()


def test_who_is_not_in_the_program_is_rejected(northwind: Organization, asha: Customer, bring: Bring, tmp_path: Path) -> None:
    other = member(northwind, type=Customer.Type.NON_LOYALTY)
    bring(f"{asha.pk},Low,South", f"{other.pk},Silver,", f"{asha.pk},Low,Nowhere", header="id,tier,program")
    assert [code for code, _ in details(tmp_path)] == ["1020", "1013", "400"]


def test_without_a_default_program_a_blank_program_is_rejected(asha: Customer, bring: Bring, tmp_path: Path) -> None:
    Program.objects.filter(is_default=True).update(is_active=False)
    bring(f"{asha.pk},Silver,,,,")
    assert [code for code, _ in details(tmp_path)] == ["1095"]


@pytest.mark.parametrize("columns", ["id,since", "id,tier,colour"])
def test_the_columns_are_checked_before_the_first_row(asha: Customer, bring: Bring, columns: str) -> None:
    assert bring(f"{asha.pk},x,y", header=columns).status == 2


def test_a_file_takes_the_same_queries_for_one_row_and_for_three(northwind: Organization, bring: Bring) -> None:
    counts = []
    for size in (1, 1, 3):
        people = [member(northwind) for _ in range(size)]
        with CaptureQueriesContext(connection) as queries:
            assert bring(*(f"{person.pk},Silver,,,," for person in people)).counts == (size, 0, 0, 0)
        counts.append(len(queries))
    # The first file reads the configuration too.
    assert counts[1] == counts[2]
