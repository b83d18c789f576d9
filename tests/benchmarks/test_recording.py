"""Recorded parameters: what belongs to one customer becomes a placeholder, the rest is kept."""

import json
from datetime import UTC, date, datetime

import pytest
from psycopg.types.json import Jsonb

from benchmarks.recording import Recording, Statement, generalized


def statement(sql: str, parameters: object = None, *, in_transaction: bool = False) -> Statement:
    return Statement(sql=sql, parameters=parameters, gives_id=None, in_transaction=in_transaction)


def test_what_is_the_customers_own_becomes_a_placeholder_at_any_depth() -> None:
    known = {"919000000007": "{mobile}", 700: "{customer_id}"}
    parameters = [1, "919000000007", [700, 701], Jsonb({"mobile": "919000000007", "type": "LOYALTY"}), None, True]
    assert generalized(parameters, known) == [
        1,
        "{mobile}",
        ["{customer_id}", 701],
        {"json": {"mobile": "{mobile}", "type": "LOYALTY"}},
        None,
        True,
    ]


def test_true_is_not_taken_for_the_customer_with_the_id_1() -> None:
    assert generalized([True, 1], {1: "{customer_id}"}) == [True, "{customer_id}"]


def test_locks_become_placeholders() -> None:
    assert generalized([[(1 << 62) + 5, 1 << 62]], {}) == [["{lock}", "{lock}"]]


def test_moments_and_days_are_written_as_postgresql_reads_them() -> None:
    given = [datetime(2024, 2, 29, 12, 30, tzinfo=UTC), date(2024, 2, 29)]
    assert generalized(given, {}) == ["2024-02-29T12:30:00+00:00", "2024-02-29"]


def test_what_cannot_be_written_down_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        generalized([b"\x00"], {})


def test_names_and_identifiers_count_as_the_customers_own() -> None:
    recording = Recording([statement("SELECT", ["Asha", "asha@example.com", 8])])
    general = recording.with_placeholders({"firstname": "Asha", "email": "asha@example.com"}, 8)
    assert general.statements[0].parameters == ["{firstname}", "{email}", "{customer_id}"]


def test_of_a_batch_the_statements_of_one_items_transaction_are_kept() -> None:
    recording = Recording(
        [statement("before"), *(statement(f"item {n}", in_transaction=True) for n in (1, 2, 3, 4)), statement("after")], "ok"
    )
    recorded = json.loads(recording.as_json(items=2))
    assert [statement["sql"] for statement in recorded["call"]] == ["before", "after"]
    assert [statement["sql"] for statement in recorded["item"]] == ["item 1", "item 2"]
    assert recorded["answer"] == "ok"
