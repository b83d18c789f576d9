"""Header rows, and cells by column (docs/imports.md)."""

import io

import pytest

from loyalty_project.imports.columns import (
    IDENTIFIERS,
    ColumnsError,
    Header,
    check_columns,
    general_detail,
    header_of,
    is_damaged,
    read_header_row,
)
from loyalty_project.imports.reading import RowReader
from loyalty_project.imports.sources import UnreadableFileError
from loyalty_project.protocol.codes import Code


def read(content: str) -> tuple[Header, RowReader]:
    reader = RowReader(io.BytesIO(content.encode()))
    return header_of(read_header_row(reader).cells), reader


def test_columns_of_an_error_file_are_passed_over():
    header, reader = read(
        'error_line,error_code,error_message,error_detail, mobile ,firstname\n3,1001,Bad,"a, b",98,"As""ha"\n'
    )
    row = next(reader)
    assert header.columns == ["mobile", "firstname"]
    assert header.problem(row) == ""
    assert header.values(row) == {"mobile": "98", "firstname": 'As"ha'}
    assert header.original(row) == '98,"As""ha"'


def test_blank_cells_are_not_supplied():
    header, reader = read("mobile,firstname,lastname\n98,  ,\n")
    assert header.values(next(reader)) == {"mobile": "98"}


@pytest.mark.parametrize(
    ("line", "problem"), [("98", "the row has 1 cells, the header has 2"), ("98,A,B", "3 cells"), ('"x"y,A', "closing quote")]
)
def test_row_of_another_width_or_spoiled_is_a_problem(line, problem):
    header, reader = read(f"mobile,firstname\n{line}\n")
    row = next(reader)
    assert problem in header.problem(row)
    assert header.original(row) == line


@pytest.mark.parametrize("row", ["98,surplus", '"98', '"x"y', "caf\udce9"])
def test_rows_of_a_mended_error_file_keep_their_bytes(row):
    reader = RowReader(io.BytesIO(f"error_line,mobile\n3,{row}\n".encode(errors="surrogateescape")))
    header = header_of(read_header_row(reader).cells)
    assert header.original(next(reader)) == row


def test_the_mark_before_a_formula_is_taken_off_but_not_of_numbers():
    header, reader = read("mobile,id,firstname,lastname\n'+98,'-1,'=1+1,'Ab\n")
    assert header.values(next(reader)) == {"mobile": "'+98", "id": "'-1", "firstname": "=1+1", "lastname": "'Ab"}


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


@pytest.mark.parametrize("code", ["4.00011E+15", "4,00011E+15", "4E+15", "9.19812e+11", "+1.2E+3", "'00017", "'"])
def test_codes_that_a_spreadsheet_has_changed_are_known(code):
    assert is_damaged(code)
    header, reader = read(f'external_id,firstname\n" {code} ",Asha\nA,"{code}"\n')
    damaged, named = reader
    assert header.damage(damaged, header.values(damaged), IDENTIFIERS).startswith(f'external_id: "{code}" is what')
    assert header.damage(named, header.values(named), IDENTIFIERS) == ""


@pytest.mark.parametrize("code", ["", "400011", "E+15", "1E15", "12-E+1", "O'Neil", "4.00011E-15", "a1.5E+2"])
def test_other_codes_are_left_alone(code):
    assert not is_damaged(code)


def test_a_row_without_a_detail_is_named_by_its_identifier():
    values = {"email": "a@b.c", "external_id": "X"}
    assert general_detail(Code.FRAUD, values) == 'email: "a@b.c" is refused: Not allowed - customer is marked as fraud.'
    assert general_detail(Code.FRAUD, {}) == "Not allowed - customer is marked as fraud."
