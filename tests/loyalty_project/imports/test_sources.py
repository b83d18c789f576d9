"""Files opened for an import: plain, compressed, or read once (docs/imports.md)."""

import gzip
import io
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from loyalty_project.imports.lines import LONGEST_LINE
from loyalty_project.imports.reading import RowReader
from loyalty_project.imports.sources import CHUNK, UnreadableFileError, open_source


def test_file_is_named_by_its_checksum(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    with open_source(str(path)) as source:
        assert (len(source.sha256), source.size, source.stream.read()) == (64, 4, b"a\n1\n")


def test_compressed_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    with open_source(str(path)) as source:
        assert (len(source.sha256), source.size) == (64, 4)
        assert [list(row.cells) for row in RowReader(source.stream)] == [["a"], ["1"]]


@pytest.mark.parametrize("content", [b"plain text", gzip.compress(b"a\n1\n" * 100, mtime=0)[:-9], b"\x1f\x8b"])
def test_broken_compression_is_reported_before_the_first_row(tmp_path, content):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="cannot be read"), open_source(str(path)):
        pass


def test_a_compressed_line_without_end_takes_little_memory(tmp_path):
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(40):
            file.write(b"x" * CHUNK)
    tracemalloc.start()
    try:
        with open_source(str(path)) as source:
            (row,) = RowReader(source.stream)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert row.problem == f"the line has {40 * CHUNK} bytes; write at most {LONGEST_LINE}"
    assert peak < 8 * CHUNK


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


def test_memory_file_descriptor_is_closed(tmp_path):
    path = Path(tmp_path / "a.csv")
    path.write_bytes(b"a\n")
    with open_source(str(path)) as source:
        stream = source.stream
    assert stream.closed
