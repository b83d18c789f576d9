"""Rows of files in every state (docs/imports.md)."""

import gzip
import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_project.imports.reading import LONGEST_ROW, Position, Row, RowReader, UnreadableFileError, open_source


def rows(content: bytes) -> list[Row]:
    return list(RowReader(io.BytesIO(content)))


def cells(content: bytes) -> list[list[str]]:
    return [list(row.cells) for row in rows(content)]


def test_rows_are_read_with_the_line_on_which_they_start():
    read = rows(b'a,b\n"1\n2",x\n\n3,y\n')
    assert [(row.line, list(row.cells)) for row in read] == [(1, ["a", "b"]), (2, ["1\n2", "x"]), (5, ["3", "y"])]


@pytest.mark.parametrize("content", [b"a,b\r\n1,2\r\n", b"a,b\n1,2", b"\xef\xbb\xbfa,b\n1,2\n", b"a,b\n\n\n1,2\n\n"])
def test_line_ends_marks_and_empty_lines_do_not_matter(content):
    assert cells(content) == [["a", "b"], ["1", "2"]]


def test_quotes_hold_commas_quotes_and_line_ends():
    assert cells(b'"a,b","say ""hi""","x\r\ny"\n') == [["a,b", 'say "hi"', "x\r\ny"]]


@pytest.mark.parametrize(
    ("line", "problem"), [(b"\xff,1", "not UTF-8"), (b"a\x00b,1", "a NUL character"), (b'"a"b,1', "',' expected after '\"'")]
)
def test_a_broken_row_is_reported_and_the_next_one_read(line, problem):
    spoiled, good = rows(line + b"\n2,3\n")
    assert (spoiled.problem, good.problem, list(good.cells), good.line) == (problem, "", ["2", "3"], 2)


def test_bytes_that_are_not_utf8_are_kept_as_they_were():
    (row,) = rows(b"caf\xe9\n")
    assert row.cells[0].encode(errors="surrogateescape") == b"caf\xe9"


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_row_longer_than_any_may_be_is_passed_over(quote):
    long, good = rows(quote + b"x" * (LONGEST_ROW + 10) + quote + b"\n1,2\n")
    assert "longer than" in long.problem
    assert list(good.cells) == ["1", "2"]


def test_quote_that_is_never_closed_costs_the_rest_and_no_memory():
    (row,) = rows(b'1,"' + b"x\n" * 400_000)
    assert "longer than" in row.problem


def test_reading_goes_on_behind_any_row():
    content = 'a,b\n"ü\n",2\n3,4\n5,6\n'.encode()
    first = RowReader(io.BytesIO(content))
    everything = list(first)
    for number, row in enumerate(everything):
        reader = RowReader(io.BytesIO(content))
        reader.seek(row.end)
        assert [(row.line, row.cells) for row in reader] == [(row.line, row.cells) for row in everything[number + 1 :]]
    assert first.position == Position(len(content), 5)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content):
    ends = [row.end.offset for row in rows(content)]
    assert ends == sorted(ends)


def test_file_is_named_by_its_checksum(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    with open_source(str(path)) as source:
        assert (len(source.sha256), source.size, source.stream.read()) == (64, 4, b"a\n1\n")


def test_compressed_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    with open_source(str(path)) as source:
        assert (len(source.sha256), source.size, [list(row.cells) for row in RowReader(source.stream)]) == (
            64,
            4,
            [["a"], ["1"]],
        )


@pytest.mark.parametrize("content", [b"plain text", gzip.compress(b"a\n1\n" * 100, mtime=0)[:-9], b"\x1f\x8b"])
def test_broken_compression_is_reported_before_the_first_row(tmp_path, content):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="cannot be read"), open_source(str(path)):
        pass


def test_a_missing_file_and_folder_are_reported(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(UnreadableFileError, match="cannot be read"), open_source(str(path)):
            pass


def test_standard_input_and_pipes_can_be_read_only_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\n")))
    with open_source("-") as source:
        assert (source.sha256, source.size, source.stream.read()) == ("", None, b"a\n")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keeper = os.open(pipe, os.O_RDWR)
    os.write(keeper, b"b\n")
    with open_source(str(pipe)) as source:
        assert (source.sha256, source.size) == ("", None)
    os.close(keeper)


def test_a_stream_that_fails_midway_is_reported():
    class Failing(io.BytesIO):
        def readline(self, *_arguments: object) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UnreadableFileError, match="any further"):
        list(RowReader(Failing()))


def test_memory_file_descriptor_is_closed(tmp_path):
    path = Path(tmp_path / "a.csv")
    path.write_bytes(b"a\n")
    with open_source(str(path)) as source:
        stream = source.stream
    assert stream.closed
