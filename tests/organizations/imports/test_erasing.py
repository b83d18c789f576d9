"""Rows of imports about a person who is erased."""

from pathlib import Path

import pytest

from loyalty_project import clock
from loyalty_project.imports.lines import Position
from loyalty_project.imports.rejects import Reject
from loyalty_project.imports.results import Tally
from organizations.imports.erasing import drop_rows, empty_rejected_rows, names_person
from organizations.imports.models import ImportRun, RejectedRow
from organizations.imports.runs import store_batch
from organizations.tenancy.models import Organization

VALUES = ["919812377777", "Asha@example.com", "7", "NW-1"]


@pytest.mark.parametrize(
    "cells",
    [
        ["Asha", "919812377777"],
        ["+91 98123 77777"],
        ["(098) 123-77777"],
        ["0091-9812377777"],
        ["9812377777"],
        ["asha@EXAMPLE.com "],
        ["nw-1"],
        ["7"],
    ],
)
def test_cells_name_the_person_in_any_spelling(cells: list[str]) -> None:
    assert names_person(cells, VALUES)


@pytest.mark.parametrize(
    "cells", [[], [""], ["77777"], ["77"], ["29812377777"], ["NW-11"], ["xasha@example.com"], ["9812377778"]]
)
def test_other_cells_do_not(cells: list[str]) -> None:
    assert not names_person(cells, VALUES)


def test_a_file_loses_the_persons_rows_alone(tmp_path: Path) -> None:
    file = tmp_path / "errors.csv"
    theirs, others = b'2,9812377777,Asha\n4,x,NW-1\n5,"x"y,asha@example.com\n', b'3,9812377778,"Bea, B"\n6,\xff,C\n'
    file.write_bytes(b"error_line,mobile,name\n" + theirs + others)
    assert drop_rows(file, VALUES) == 3
    assert file.read_bytes() == b"error_line,mobile,name\n" + others


def test_a_file_that_cannot_be_read_stays(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        drop_rows(tmp_path / "missing.csv", VALUES)
    assert list(tmp_path.iterdir()) == []


def test_malformed_rejected_rows_of_the_person_are_emptied(organization: Organization) -> None:
    run = ImportRun.objects.create(organization=organization, command="import_notes", filename="a", started_at=clock.now())
    came = ['NW-1,"open', "NW-1\rx,c", '3,"Hi, it is asha@example.com', '4,"Bea, B"', "5,c\rd", '6,"open', '7,"a ""b"""']
    rejects = [Reject(line, 1, "no", "no", row) for line, row in enumerate(came)]
    store_batch(run, reached=Position(), tally=Tally(), rejects=rejects, created=())
    assert empty_rejected_rows(["NW-1", "asha@example.com", 'a "b"']) == 4
    assert set(RejectedRow.objects.filter(cells='""').values_list("line", flat=True)) == {0, 1, 2, 6}
