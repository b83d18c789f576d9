"""Files with many records, written (loyalty_project/exports.py)."""

import csv
import gzip
import io
import json
import os
import stat
import sys
from threading import Thread

import pytest

from loyalty_project.exports import open_target, row_writer

AWKWARD = ["plain", 'comma, "quote"', "two\nlines", "carriage\rreturn", "both\r\n", "李小龍", ""]


def test_a_file_appears_whole_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("an older one")
    path.chmod(0o644)
    with open_target(str(path)) as text:
        text.write("new")
        assert path.read_text() == "an older one"
        assert [stat.S_IMODE(other.stat().st_mode) for other in tmp_path.iterdir() if other != path] == [0o600]
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_what_breaks_off_leaves_what_was_there(tmp_path, interruption):
    path = tmp_path / "out.csv"
    path.write_text("an older one")

    def break_off():
        with open_target(str(path)) as text:
            text.write("half of it")
            raise interruption

    with pytest.raises(interruption):
        break_off()
    assert (path.read_text(), list(tmp_path.iterdir())) == ("an older one", [path])


def test_a_folder_or_a_place_in_no_folder_cannot_be_written(tmp_path):
    for path in (tmp_path, tmp_path / "absent" / "out.csv"):
        with pytest.raises(OSError, match="directory"), open_target(str(path)):
            pass
    assert list(tmp_path.iterdir()) == []


def test_gz_is_compressed_and_standard_output_stays_open(tmp_path, monkeypatch):
    with open_target(str(tmp_path / "out.csv.gz")) as text:
        text.write("compressed")
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == b"compressed"
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out))
    with open_target("-") as text:
        text.write("李")
    assert out.getvalue() == "李".encode()


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read = []
    reader = Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    with open_target(str(path)) as text:
        text.write("through")
    reader.join(20)
    assert (read, path.is_fifo()) == ([b"through"], True)


def test_csv_gives_back_every_character():
    text = io.StringIO(newline="")
    columns = [f"column {n}" for n, _ in enumerate(AWKWARD)]
    row_writer(text, columns, format_="csv")(AWKWARD)
    assert list(csv.reader(io.StringIO(text.getvalue(), newline=""), strict=True)) == [columns, AWKWARD]


def test_json_lines_have_the_same_keys_and_null_for_blank():
    text = io.StringIO(newline="")
    write = row_writer(text, ["a", "b"], format_="jsonl")
    write(['two\n"lines"', ""])
    write(["", "李"])
    assert list(map(json.loads, text.getvalue().splitlines())) == [{"a": 'two\n"lines"', "b": None}, {"a": None, "b": "李"}]


@pytest.mark.parametrize(("keeps_formulas", "written"), [(False, "'=1,''=1,'b,\r\n"), (True, "=1,''=1,'b,\r\n")])
def test_formulas_are_marked_unless_they_are_to_be_kept(keeps_formulas, written):
    text = io.StringIO(newline="")
    row_writer(text, ["a", "b", "c", "d"], format_="csv", keeps_formulas=keeps_formulas)(["=1", "'=1", "'b", ""])
    assert text.getvalue() == f"a,b,c,d\r\n{written}"


def test_json_lines_have_no_marks():
    text = io.StringIO(newline="")
    row_writer(text, ["a"], format_="jsonl")(["=1"])
    assert text.getvalue() == '{"a":"=1"}\n'
