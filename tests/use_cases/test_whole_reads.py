"""Plans of the statements that read all rows of an organization: whole sets are joined, whatever the statistics say.

The tables of the tests were never analyzed. The twin, in which the planner is free, shows that the test can fail.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db import connection

from customers.duplicates.services import find_duplicates
from engagement.points.checks.queries import CHECKS
from engagement.points.checks.run import check_ledger
from loyalty_project.db import whole_reads
from organizations.tenancy.models import Organization
from organizations.tenancy.references import references_across_tenants, tenant_references
from use_cases.exporting import open_customer_file

pytestmark = pytest.mark.django_db

Plan = Mapping[str, Any]


def nodes(plan: Plan) -> Iterator[Plan]:
    """The node and all below it."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def is_for_each_row(node: Plan) -> bool:
    """True for a subquery of each row, and for a nested loop that reads a table for each row."""
    if node.get("Subplan Name", "").startswith("SubPlan"):
        return True
    if node["Node Type"] != "Nested Loop":
        return False
    return any("Relation Name" in below for below in nodes(node["Plans"][1]))


def plans_of(work: Callable[[], object]) -> list[Plan]:
    """The plans of all queries of `work`, as the server makes them at that moment."""
    plans: list[Plan] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, *more: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH")) and sql != whole_reads._SET:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                (found,) = cursor.fetchone()
            plans.append((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])
        return execute(sql, params, *more)

    with connection.execute_wrapper(explain):
        work()
    return plans


READS: Mapping[str, tuple[Callable[[Organization], object], int]] = {
    "export": (lambda organization: list(open_customer_file(organization).rows()), 2),
    "duplicates": (find_duplicates, 5),
    "ledger": (lambda organization: list(check_ledger(organization)), len(CHECKS)),
    "tenancy": (lambda _: list(references_across_tenants()), len(tenant_references())),
}


@pytest.mark.parametrize("read", READS)
def test_no_table_is_read_for_each_row_of_another(organization: Organization, read: str) -> None:
    work, statements = READS[read]
    plans = plans_of(lambda: work(organization))
    assert len(plans) == statements
    assert [node for plan in plans for node in nodes(plan) if is_for_each_row(node)] == []


@pytest.mark.parametrize("read", READS)
def test_twin_with_a_free_planner_reads_tables_for_each_row(
    organization: Organization, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_reads, "_SET", "SELECT 1")
    plans = plans_of(lambda: READS[read][0](organization))
    assert any(is_for_each_row(node) for plan in plans for node in nodes(plan))
