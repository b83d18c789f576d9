import io
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from organizations.tenancy.models import Organization
from tests.factories.organization_files import WHOLE

pytestmark = pytest.mark.django_db
SMALL = """
organization: {code: tiny, name: Tiny}
stores: [{code: main, name: Main, tills: [{code: tiny.till1, name: Till, password_env: TINY_PASSWORD}]}]
referral_campaigns: [{token: F, name: Friends, kind: REFERRAL}]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINY_PASSWORD", "till-secret")
    path = tmp_path / "tiny.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("load_organization", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments: object) -> str:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert caught.value.returncode == 2
    return str(caught.value)


def test_prints_what_changed_what_waits_and_how_much(file: Path) -> None:
    assert run(file).splitlines() == [
        "organization: created tiny",
        "stores[0]: created store main",
        "stores[0].tills[0]: created till tiny.till1",
        "referral_campaigns[0]: created referral campaign F",
        "tiny: 4 changes",
    ]
    assert run(file).splitlines() == ["tiny: nothing to change"]
    file.write_text(SMALL.replace("name: Tiny", "name: Tinier"), encoding="utf-8")
    assert run(file).splitlines()[-1] == "tiny: 1 change"
    file.write_text(SMALL.partition("referral_campaigns")[0], encoding="utf-8")
    assert run(file).splitlines() == [
        'organization.name: "Tinier" -> "Tiny"',
        "referral campaign F: no longer named, deactivated",
        "tiny: 2 changes",
    ]


def test_never_prints_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(WHOLE)
    assert [secret for secret in ("mg-secret-1", "meridian-client-secret", "change-me-now", "argon2") if secret in text] == []


def test_a_dry_run_is_announced(file: Path) -> None:
    assert run(file, "--dry-run").splitlines()[-1] == "tiny: 4 changes, undone (dry run)"
    assert not Organization.objects.filter(code="tiny").exists()


def test_reads_standard_input(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert run("-").splitlines()[-1] == "tiny: 4 changes"


def test_an_error_ends_with_status_2_and_its_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(SMALL.replace("name: Main", "name: Main, colour: blue"), encoding="utf-8")
    assert refused(file) == f"{file}: nothing was changed\nstores[0].colour: unknown key"
    monkeypatch.delenv("TINY_PASSWORD")
    file.write_text(SMALL, encoding="utf-8")
    assert "stores[0].tills[0].password_env: the environment variable TINY_PASSWORD is not set" in refused(file)
    file.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refused(file)
    assert not Organization.objects.filter(code="tiny").exists()


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.yaml").endswith("none.yaml: No such file or directory")
    assert refused(tmp_path).endswith("Is a directory")
