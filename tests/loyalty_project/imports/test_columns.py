"""Header rows, and cells by column (docs/imports.md)."""

import io

import pytest

from loyalty_project.imports.columns import ColumnsError, Header, check_columns, read_header
from loyalty_project.imports.reading import RowReader, UnreadableFileError


def read(content: str) -> tuple[Header, RowReader]:
    reader = RowReader(io.BytesIO(content.encode()))
    return read_header(reader), reader


def test_columns_of_an_error_file_are_passed_over():
    header, reader = read("error_line,error_code,error_message, mobile ,firstname\n3,1001,Bad,98,Asha\n")
    row = next(reader)
    assert header.columns == ["mobile", "firstname"]
    assert header.problem(row) == ""
    assert header.values(row) == {"mobile": "98", "firstname": "Asha"}
    assert header.original(row) == ["98", "Asha"]


def test_blank_cells_are_not_supplied():
    header, reader = read("mobile,firstname,lastname\n98,  ,\n")
    assert header.values(next(reader)) == {"mobile": "98"}


@pytest.mark.parametrize(
    ("line", "problem"), [("98", "1 cells where"), ("98,A,B", "3 cells where"), ('"x"y,A', "expected after")]
)
def test_row_of_another_width_or_spoiled_is_a_problem(line, problem):
    header, reader = read(f"mobile,firstname\n{line}\n")
    row = next(reader)
    assert problem in header.problem(row)
    assert header.original(row) == list(row.cells)


def test_surplus_cells_of_a_mended_error_file_are_kept():
    header, reader = read("error_line,mobile\n3,98,surplus\n")
    assert header.original(next(reader)) == ["98", "surplus"]


@pytest.mark.parametrize(
    ("content", "error"),
    [("", UnreadableFileError), ("a\x00b\n", UnreadableFileError), ("a,b,a\n", ColumnsError), ("a,,b\n", ColumnsError)],
)
def test_header_must_name_every_column_once(content, error):
    with pytest.raises(error):
        read(content)


def test_all_column_errors_are_reported_at_once():
    known = {"mobile": "", "number": "", "sms": "not active yet"}
    with pytest.raises(
        ColumnsError, match=r"unknown shoe; sms: not active yet; missing number; missing one of mobile, email, external_id, id"
    ):
        check_columns(["shoe", "sms"], known=known, required=["number"])
    check_columns(["mobile", "number"], known=known, required=["number"])
    check_columns(["number"], known=known, any_of=())
