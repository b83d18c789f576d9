"""Notes from files (docs/imports.md)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.notes.models import Note
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import at
from tests.factories.chains import NOON, Chain, member, open_chain
from tests.imports import Outcome, refused, rejects, run_import, write_lines

COLUMNS = "id,description,date,associate_id"
Bring = Callable[..., Outcome]

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False):
        chain = open_chain()
        with organization_scope(chain.organization):
            yield chain


@pytest.fixture
def asha(chain: Chain) -> Customer:
    return member(chain, 0).customer


@pytest.fixture
def bring(chain: Chain, tmp_path: Path) -> Bring:
    """Imports rows under a header; rejected rows are in `errors.csv`."""

    def bring(*rows: str, header: str = COLUMNS, options: tuple[str, ...] = ()) -> Outcome:
        path = write_lines(tmp_path / "notes.csv", header, *rows)
        return run_import("import_notes", path, "--errors", str(tmp_path / "errors.csv"), *options)

    return bring


def test_notes_are_brought_with_date_and_associate(bring: Bring, asha: Customer) -> None:
    outcome = bring(f'{asha.pk},"first\nsecond, and third",2020-02-03 04:05:06,9', "", header=COLUMNS)
    assert (outcome.status, outcome.counts) == (0, (1, 0, 0, 0)), outcome.err
    note = Note.objects.get()
    assert (note.customer, note.description) == (asha, "first\nsecond, and third")
    assert (note.noted_at, note.associate_id, note.made_by) == (at("2020-02-03 04:05:06"), "9", "command:import_notes")


def test_the_same_row_again_is_unchanged_and_another_associate_changes_it(bring: Bring, asha: Customer) -> None:
    row = f"{asha.pk},Likes tea,2020-02-03"
    assert bring(f"{row},9", f"{row},").counts == (1, 0, 1, 0)
    assert bring(f"{row},9").counts == (0, 0, 1, 0)
    assert bring(f"{row},8", f"{row},9").counts == (0, 2, 0, 0)
    assert bring(f"{asha.pk},Likes tea,2020-02-04,9").counts == (1, 0, 0, 0)
    assert list(Note.objects.order_by("pk").values_list("associate_id", flat=True)) == ["9", "9"]


def test_a_row_without_a_date_is_any_note_with_its_text(bring: Bring, asha: Customer) -> None:
    assert bring(f"{asha.pk},Likes tea,,", f"{asha.pk},Likes tea,,7").counts == (1, 1, 0, 0)
    assert Note.objects.get().noted_at == NOON
    assert bring(f"{asha.pk},Likes tea,,").counts == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("cells", "code", "detail"),
    [
        ({"description": ""}, "1037", "description: it is blank, which no note may be"),
        ({"description": "x" * 256}, "1037", "has 256 characters; write at most 255"),
        ({"description": "x", "date": "noon"}, "400", 'date: "noon" is not a time'),
        ({"description": "x", "associate_id": "7" * 101}, "400", "associate_id"),
        ({"description": "x", "associate_id": "4.00011E+15"}, "400", "associate_id"),
        ({"description": "x", "id": "999999999"}, "1011", 'id: "999999999" is'),
    ],
)
def test_rejected_rows(asha: Customer, tmp_path: Path, cells: dict[str, str], code: str, detail: str) -> None:
    error = refused("import_notes", tmp_path, {"id": str(asha.pk), **cells})
    assert error["error_code"] == code
    assert detail in error["error_detail"]
    assert not Note.objects.exists()


def test_a_row_without_identifier_is_1015(bring: Bring, asha: Customer, tmp_path: Path) -> None:
    assert bring(",whose?,,", f"{asha.pk},mine,,").counts == (1, 0, 0, 1)
    assert [row["error_code"] for row in rejects(tmp_path / "errors.csv")] == ["1015"]


def test_unknown_and_missing_columns_end_the_run(bring: Bring) -> None:
    outcome = bring("1,x", header="id,text")
    assert (outcome.status, "unknown text; missing description" in outcome.err) == (2, True)


def test_a_dry_run_writes_nothing(bring: Bring, asha: Customer) -> None:
    assert bring(f"{asha.pk},Likes tea,,", options=("--dry-run",)).counts == (1, 0, 0, 0)
    assert not Note.objects.exists()


def test_a_batch_takes_the_same_statements_for_any_number_of_rows(bring: Bring, chain: Chain) -> None:
    people = [member(chain, 0, mobile=f"91981234567{number}").customer for number in range(4)]
    counts = []
    for number, customers in ((1, people[:1]), (2, people)):
        with CaptureQueriesContext(connection) as queries:
            bring(*(f"{customer.pk},note {number},2020-01-0{number},7" for customer in customers))
        counts.append(len(queries))
    assert counts[0] == counts[1]
