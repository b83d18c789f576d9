"""Error files (docs/imports.md)."""

import os
import stat
from pathlib import Path

import pytest

from loyalty_project.imports.rejects import Reject, check_rejects_path, write_rejects

REJECT = Reject(
    line=3,
    code=1001,
    message="Unable to register. Invalid mobile number.",
    detail='mobile: "12ab" is not a mobile number of IN',
    row=b'12ab,"say ""hi""",caf\xe9'.decode(errors="surrogateescape"),
)


def test_rejected_rows_are_written_as_they_were(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("old")
    write_rejects(path, ["mobile", "firstname", "last,name"], [REJECT])
    assert path.read_bytes() == (
        b'error_line,error_code,error_message,error_detail,mobile,firstname,"last,name"\n'
        b'3,1001,Unable to register. Invalid mobile number.,"mobile: ""12ab"" is not a mobile number of IN",'
        b'12ab,"say ""hi""",caf\xe9\n'
    )
    assert [path.name for path in tmp_path.iterdir()] == ["errors.csv"]


def test_the_file_is_for_its_owner_alone_also_if_an_older_one_was_not(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("old")
    path.chmod(0o644)

    def rows():
        yield REJECT
        assert {stat.S_IMODE(other.stat().st_mode) for other in tmp_path.iterdir() if other != path} == {0o600}

    write_rejects(path, ["mobile"], rows())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_failing_rows_leave_the_old_file(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("old")

    def rows():
        yield REJECT
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_rejects(path, ["mobile"], rows())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_device_is_written_to():
    write_rejects(Path(os.devnull), ["mobile"], [REJECT])
    assert not Path(os.devnull).is_file()


def test_an_unwritable_path_is_reported_first(tmp_path):
    check_rejects_path(tmp_path / "errors.csv")
    with pytest.raises(IsADirectoryError):
        check_rejects_path(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_rejects_path(tmp_path / "absent" / "errors.csv")
