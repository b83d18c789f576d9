"""Batches of rows, and what happens when one row breaks them."""

from collections.abc import Sequence

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection

from loyalty_project.imports.batches import Prepared, Worker, halve, in_batches, work_batch
from loyalty_project.imports.cells import Values
from loyalty_project.imports.lines import Position
from loyalty_project.imports.reading import Row
from loyalty_project.imports.results import RowResult, RowStatus
from loyalty_project.protocol.codes import Code
from organizations.tenancy.models import Organization

CREATED = RowResult(RowStatus.CREATED)


def prepared(name: str, line: int = 2, problem: str = "") -> Prepared:
    return Prepared(Row(line, [name], Position(), name), {"name": name}, problem)


def database_error(kind: type[DatabaseError], sqlstate: str) -> DatabaseError:
    error = kind("reported by the database")
    error.__cause__ = psycopg.errors.lookup(sqlstate)()
    return error


class Works:
    """Makes an organization of each row; `broken` rows raise."""

    def __init__(self, **broken: Exception | list[Exception]) -> None:
        self.broken = broken
        self.calls: list[list[str]] = []

    def __call__(self, rows: Sequence[Values]) -> list[RowResult]:
        self.calls.append([row["name"] for row in rows])
        for row in rows:
            error = self.broken.get(row["name"])
            if isinstance(error, list):
                error = error.pop(0) if error else None
            if error:
                raise error
            Organization.objects.create(code=row["name"], name=row["name"])
        return [CREATED] * len(rows)


def run(works: Works, *batch: Prepared) -> list[Code | None]:
    stored: list[Sequence[RowResult]] = []
    worker = Worker(
        work=works, constraints={"organizations_organization_code_key": Code.ALREADY_REGISTERED}, fallback=Code.ADD_FAILED
    )
    outcomes = work_batch(batch, worker, store=stored.append)
    assert stored[-1] == outcomes
    assert all(bool(outcome.detail) == (outcome.code is not None) for outcome in outcomes)
    return [outcome.code for outcome in outcomes]


def codes_in_table() -> list[str]:
    return list(Organization.objects.order_by("pk").values_list("code", flat=True))


def test_batches_end_by_rows_and_by_bytes():
    assert [len(batch) for batch in in_batches([prepared("x")] * 5, 2)] == [2, 2, 1]
    assert [len(batch) for batch in in_batches([prepared("x" * (5 << 20))] * 3, 100)] == [2, 1]
    assert list(in_batches([], 2)) == []


def test_rows_that_belong_together_are_in_one_batch() -> None:
    rows = [prepared(text) for text in "aabbbc"]
    batches = in_batches(rows, 1, together=lambda values: values["name"])
    assert [[row.row.raw for row in batch] for batch in batches] == [["a", "a"], ["b", "b", "b"], ["c"]]


@pytest.mark.django_db
def test_rows_are_processed_together_without_rejected_ones():
    works = Works()
    assert run(works, prepared("a1"), prepared("b1", problem="not UTF-8"), prepared("c1")) == [None, Code.INVALID_INPUT, None]
    assert (works.calls, codes_in_table()) == ([["a1", "c1"]], ["a1", "c1"])
    assert run(works, prepared("d1", problem="not UTF-8")) == [Code.INVALID_INPUT]


@pytest.mark.django_db
def test_only_the_row_to_blame_is_rejected_with_the_code_of_its_constraint():
    works = Works()
    assert run(works, prepared("a1"), prepared("a1"), prepared("b1"), prepared("c1", problem="x")) == [
        None, Code.ALREADY_REGISTERED, None, Code.INVALID_INPUT,
    ]  # fmt: skip
    assert codes_in_table() == ["a1", "b1"]


@pytest.mark.django_db
@pytest.mark.parametrize("error", [RuntimeError("a bug"), IntegrityError("of no name")])
def test_unexpected_failure_of_a_row_is_the_fallback(error):
    assert run(Works(b1=error), prepared("a1"), prepared("b1"), prepared("c1")) == [None, Code.ADD_FAILED, None]
    assert codes_in_table() == ["a1", "c1"]


@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "55P03"])
def test_conflicts_with_others_repeat_the_batch(sqlstate):
    works = Works(b1=[database_error(OperationalError, sqlstate)] * 2)
    assert run(works, prepared("a1"), prepared("b1")) == [None, None]
    assert (len(works.calls), codes_in_table()) == (3, ["a1", "b1"])


@pytest.mark.django_db
@pytest.mark.parametrize(("sqlstate", "calls"), [("40P01", 5), ("57P01", 1)])
def test_trouble_of_the_database_ends_the_import(sqlstate, calls):
    works = Works(a1=database_error(OperationalError, sqlstate))
    with pytest.raises(OperationalError):
        run(works, prepared("a1"))
    assert len(works.calls) == calls


@pytest.mark.django_db
def test_trouble_of_the_database_in_a_single_row_ends_the_import_too():
    works = Works(a1=[RuntimeError("first"), database_error(OperationalError, "57P01")])
    with pytest.raises(OperationalError):
        run(works, prepared("a1"))
    assert connection.is_usable()


@pytest.mark.django_db
def test_waits_for_a_lock_are_five_in_all_pieces_of_a_batch():
    """b1 breaks the batch, which is divided; from then on the lock that d1 needs is never free."""
    busy = [None, *[database_error(OperationalError, "55P03")] * 9]
    works = Works(b1=RuntimeError("a bug"), d1=busy)
    with pytest.raises(OperationalError):
        run(works, prepared("a1"), prepared("d1"), prepared("b1"))
    assert len(busy) == 9 - 5


@pytest.mark.django_db
def test_conflict_of_a_divided_batch_repeats_it_without_the_broken_row():
    works = Works(b1=RuntimeError("a bug"), c1=[None, database_error(OperationalError, "40P01")])
    assert run(works, prepared("b1"), prepared("c1")) == [Code.ADD_FAILED, None]
    assert (works.calls, codes_in_table()) == ([["b1", "c1"], ["b1"], ["c1"], ["c1"], ["c1"]], ["c1"])


@pytest.mark.django_db
def test_rows_beside_a_broken_one_are_processed_together():
    works = Works(b1=RuntimeError("a bug"))
    run(works, *map(prepared, ("a1", "b1", "c1", "d1")))
    assert works.calls[-1] == ["a1", "c1", "d1"]


class Pairs(Works):
    """Breaks if a1 and d1 are processed together, and by `broken` rows."""

    def __call__(self, rows: Sequence[Values]) -> list[RowResult]:
        if {"a1", "d1"} <= {row["name"] for row in rows}:
            self.calls.append([row["name"] for row in rows])
            raise RuntimeError("a bug")
        return super().__call__(rows)


@pytest.mark.django_db
def test_rows_that_break_only_together_are_processed_apart():
    works = Pairs()
    assert run(works, *map(prepared, ("a1", "b1", "c1", "d1"))) == [None] * 4
    assert works.calls[1:] == [["a1", "b1"], ["c1"], ["d1"]]
    assert codes_in_table() == ["a1", "b1", "c1", "d1"]


@pytest.mark.django_db
def test_rows_that_break_together_beside_a_broken_row_are_kept():
    works = Pairs(x1=RuntimeError("a bug"))
    assert run(works, *map(prepared, ("x1", "a1", "c1", "d1"))) == [Code.ADD_FAILED, None, None, None]
    assert works.calls[1:] == [["x1", "a1"], ["x1"], ["a1"], ["c1", "d1"], ["a1", "c1", "d1"], ["a1", "c1"], ["d1"]]
    assert codes_in_table() == ["a1", "c1", "d1"]


def attempts(count: int, *broken: int, only_together: bool = False) -> tuple[int, list[int]]:
    """The number of pieces in which the rows are processed, and the rows that broke alone."""
    pieces: list[Sequence[int]] = []

    def breaks(piece: Sequence[int]) -> bool:
        return set(broken) <= set(piece) if only_together else not set(broken).isdisjoint(piece)

    def works(piece: Sequence[int]) -> bool:
        pieces.append(piece)
        return not breaks(piece)

    halve(range(count), works)
    alone = [piece[0] for piece in pieces if len(piece) == 1 and breaks(piece)]
    assert sorted([*alone, *(row for piece in pieces if not breaks(piece) for row in piece)]) == list(range(count))
    return len(pieces), alone


@pytest.mark.parametrize(
    ("broken", "pieces"),
    [((0,), 20), ((500,), 19), ((999,), 10), ((250, 750), 35), ((498, 499), 21), ((499, 500), 20)],
)
def test_few_pieces_find_the_broken_rows_of_a_thousand(broken, pieces):
    assert attempts(1000, *broken) == (pieces, list(broken))


def test_rows_that_all_break_take_hardly_more_pieces_than_rows():
    assert attempts(1000, *range(1000)) == (1009, list(range(1000)))
    assert (attempts(1, 0), attempts(2, 1)) == ((1, [0]), (2, [1]))


@pytest.mark.parametrize("pair", [(100, 900), (998, 999)])
def test_ten_pieces_part_two_rows_of_a_thousand_that_break_together(pair):
    assert attempts(1000, *pair, only_together=True) == (10, [])
