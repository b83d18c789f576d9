"""Error files (docs/imports.md)."""

import os
from pathlib import Path

import pytest

from loyalty_project.imports.rejects import Reject, check_rejects_path, write_rejects

REJECT = Reject(
    3, 1001, "Unable to register. Invalid mobile number.", ["12ab", 'say "hi"', b"caf\xe9".decode(errors="surrogateescape")]
)


def test_rejected_rows_are_written_as_they_were(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("old")
    write_rejects(path, ["mobile", "firstname", "lastname"], [REJECT])
    assert path.read_bytes() == (
        b"error_line,error_code,error_message,mobile,firstname,lastname\n"
        b'3,1001,Unable to register. Invalid mobile number.,12ab,"say ""hi""",caf\xe9\n'
    )
    assert [path.name for path in tmp_path.iterdir()] == ["errors.csv"]


def test_failing_rows_leave_the_old_file(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("old")

    def rows():
        yield REJECT
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_rejects(path, ["mobile"], rows())
    assert path.read_text() == "old"


def test_device_is_written_to():
    write_rejects(Path(os.devnull), ["mobile"], [REJECT])
    assert not Path(os.devnull).is_file()


def test_an_unwritable_path_is_reported_first(tmp_path):
    check_rejects_path(tmp_path / "errors.csv")
    with pytest.raises(IsADirectoryError):
        check_rejects_path(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_rejects_path(tmp_path / "absent" / "errors.csv")
