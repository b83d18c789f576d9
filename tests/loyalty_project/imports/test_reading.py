"""Rows of files in every state (docs/imports.md)."""

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_project.imports.lines import LONGEST_LINE, Position
from loyalty_project.imports.reading import LONGEST_CELL, MOST_LINES, Row, RowReader, raw_cells
from loyalty_project.imports.sources import UnreadableFileError

COLUMNS = ("id", "description")


def rows(content: bytes) -> list[Row]:
    """Rows of a file of notes, whose description may hold line breaks."""
    reader = RowReader(io.BytesIO(content))
    reader.columns, reader.free_text = COLUMNS, {"description"}
    return list(reader)


def cells(content: bytes) -> list[list[str]]:
    return [list(row.cells) for row in rows(content)]


def test_rows_are_read_with_the_line_on_which_they_start():
    read = rows(b'a,b\n1,"x\ny"\n\n3,z\n')
    assert [(row.line, list(row.cells)) for row in read] == [(1, ["a", "b"]), (2, ["1", "x\ny"]), (5, ["3", "z"])]


@pytest.mark.parametrize("content", [b"a,b\r\n1,2\r\n", b"a,b\n1,2", b"\xef\xbb\xbfa,b\n1,2\n", b"a,b\n\n\n1,2\n\n"])
def test_line_ends_marks_and_empty_lines_do_not_matter(content):
    assert cells(content) == [["a", "b"], ["1", "2"]]


def test_quotes_hold_commas_quotes_and_line_ends():
    assert cells(b'"a,b","say ""hi""\r\n"\n') == [["a,b", 'say "hi"\r\n']]
    assert cells(b'5" pipe,a"b\n') == [['5" pipe', 'a"b']]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"\xff,1", "the row has a byte that is not UTF-8; save the file as UTF-8"),
        (b"a\x00b,1", "the row has a NUL character"),
        (b"a\rb,1", "the row has a carriage return inside of a line"),
        (b'"a"b,1', "id: text follows the closing quote"),
        (b'"a\rb",1', "id: the cell has a carriage return"),
        (b'"a,1', "id: the quote is not closed on its line"),
        (b'1,2,"a', "column 3: the quote is not closed on its line"),
        (b'1,"a', "description: the quote is not closed before the end of the file"),
    ],
)  # fmt: skip
def test_a_broken_row_is_reported_and_the_next_one_read(line, problem):
    spoiled, good = rows(line + b"\n2,3\n")
    assert (spoiled.problem, good.problem, list(good.cells), good.line) == (problem, "", ["2", "3"], 2)
    assert spoiled.raw.encode(errors="surrogateescape") == line


def test_a_byte_that_is_not_utf8_in_a_further_line_costs_the_row():
    spoiled, good = rows(b'1,"a\n\xff"\n2,3\n')
    assert (spoiled.problem, spoiled.raw) == ("the row has a byte that is not UTF-8; save the file as UTF-8", '1,"a\n\udcff"')
    assert list(good.cells) == ["2", "3"]


def test_two_stray_quotes_make_neither_a_cell_nor_lose_a_row():
    read = rows(b'1,"open\n2,b\n3,c\n4,"open too\n5,e\n')
    assert [(row.line, bool(row.problem)) for row in read] == [(1, True), (2, False), (3, False), (4, True), (5, False)]


def test_a_quote_that_closes_in_a_row_of_another_width_glues_nothing():
    read = rows(b'1,"open\n2,"\n3,"b",c\n4,d\n')
    assert [list(row.cells) for row in read] == [["1", "open\n2,"], ["3", "b", "c"], ["4", "d"]]
    first, second, third = rows(b'1,"open\n2,",x\n3,c\n')
    assert first.problem == "the quote that opens here closes in another row, 1 lines below"
    assert (second.line, "not closed" in second.problem, list(third.cells)) == (2, True, ["3", "c"])


@pytest.mark.parametrize(("lines", "is_read"), [(MOST_LINES, True), (MOST_LINES + 1, False)])
def test_a_cell_of_free_text_has_a_greatest_number_of_lines(lines, is_read):
    content = b'1,"' + b"x\n" * (lines - 1) + b'x"\n2,b\n'
    first, *others = rows(content)
    assert (first.problem == "") is is_read
    assert "within 64 lines" in first.problem or is_read
    assert list(others[-1].cells) == ["2", "b"]
    assert len(others) == (1 if is_read else lines)


def test_a_cell_of_free_text_has_a_greatest_length():
    first, *_ = rows(b'1,"' + (b"x" * 10_000 + b"\n") * 20 + b'"\n')
    assert first.problem == f"description: the quote is not closed within {LONGEST_LINE} bytes"


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_line_longer_than_any_may_be_is_passed_over(quote):
    line = b"1," + quote + b"x" * (LONGEST_LINE + 10) + quote
    long, good = rows(line + b"\n1,2\n")
    assert (long.problem, long.raw) == (f"the line has {len(line) + 1} bytes; write at most {LONGEST_LINE}", "")
    assert list(good.cells) == ["1", "2"]


def test_a_line_too_long_inside_of_a_free_text_is_put_back_whole():
    first, long, good = rows(b'1,"open\n' + b"x" * (LONGEST_LINE + 10) + b"\n2,b\n")
    assert "within" in first.problem
    assert (long.line, "at most" in long.problem, good.line, list(good.cells)) == (2, True, 3, ["2", "b"])


def test_a_cell_longer_than_any_may_be_costs_its_row():
    long, good = rows(b"1," + b"x" * (LONGEST_CELL + 1) + b"\n1," + b"x" * LONGEST_CELL + b"\n")
    assert (long.problem, good.problem) == (f"a cell has {LONGEST_CELL + 1} characters; write at most {LONGEST_CELL}", "")


def test_a_file_of_open_quotes_is_read_in_bounded_time():
    read = rows(b'1,"x\n' * 20_000)
    assert len(read) == 20_000
    assert {row.problem.partition(":")[0] for row in read} == {"description"}


def test_reading_goes_on_behind_any_row():
    content = 'a,b\n1,"ü\n"\n2,"open\n3,4\n"5,6\n7,8\n'.encode()
    everything = rows(content)
    for number, row in enumerate(everything):
        reader = RowReader(io.BytesIO(content))
        reader.columns, reader.free_text = COLUMNS, {"description"}
        reader.seek(row.end)
        assert [(row.line, row.cells) for row in reader] == [(row.line, row.cells) for row in everything[number + 1 :]]
    assert everything[-1].end == Position(len(content), 7)


TEXT = st.text(st.sampled_from('ab,"\n\r ü'), max_size=8)


@given(st.lists(st.tuples(TEXT.map(lambda text: text.replace("\n", "").replace("\r", "")), TEXT), max_size=6))
def test_what_the_csv_module_writes_is_read_back(written):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(written)
    assert [tuple(row.cells) for row in rows(text.getvalue().encode())] == written


@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a", b"\xff", b"\x00", b'1,"', b'"\n', b"2,b\n"]), max_size=60))
def test_no_bytes_break_the_reader_and_none_are_lost(parts):
    content = b"".join(parts)
    read = rows(content)
    ends = [0, *(row.end.offset for row in read)]
    kept = b"".join(content[begin:end] for begin, end in pairwise(ends)) + content[ends[-1] :]
    assert kept == content
    assert not content[ends[-1] :].strip(b"\r\n")
    raws = [row.raw.encode(errors="surrogateescape") for row in read]
    pieces = [content[begin:end].strip(b"\r\n") for begin, end in pairwise(ends)]
    assert [raw.strip(b"\r\n") for raw in raws] == pieces


@given(st.lists(TEXT.map(lambda text: text.replace("\r", "")), min_size=1, max_size=5))
def test_raw_cells_are_those_that_were_written(written):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(written)
    raw = text.getvalue()
    assert ",".join(raw_cells(raw)) == raw
    assert len(raw_cells(raw)) == len(written)


def test_the_rest_of_a_malformed_row_is_one_raw_cell():
    assert raw_cells('1,"a,b') == ["1", '"a,b']


def test_a_stream_that_fails_midway_is_reported():
    class Failing(io.BytesIO):
        def readline(self, *_arguments: object) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UnreadableFileError, match="any further"):
        list(RowReader(Failing()))
