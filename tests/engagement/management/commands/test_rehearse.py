"""`manage.py rehearse`: a draft beside the rules of today, as text and as JSON; wrong drafts end with status 2."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from engagement.programs.models import ProgramVersion
from loyalty_project import clock
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, member, open_shop

pytestmark = pytest.mark.django_db


def run(file: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("rehearse", "northwind", str(file), *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def draft(northwind: Organization, tmp_path: Path) -> Path:
    """A draft of twice the points; a member bought for 200 yesterday, and for 100 sixty days ago."""
    shop, asha = open_shop(northwind), member(northwind)
    now = clock.now()
    for number, amount, days in (("S1", 200, 1), ("S2", 100, 60)):
        shop.record(shop.draft(number, amount, customer_id=asha.pk, billed_at=now - days * DAY), now=now, is_history=True)
    file = tmp_path / "draft.yaml"
    file.write_text("earning:\n- {name: base, award: {per: 100, points: 10}}\npoints_to_currency: 0.5\n")
    return file


def test_both_columns_are_printed_as_text_and_json(draft: Path) -> None:
    lines = run(draft, "--days", "30").splitlines()
    assert lines[1] == "The draft issues 10 points more; the liability is 12.50 USD higher; 0 move up and 0 down."
    assert [line.split() for line in lines if line.startswith(("Points issued", "base"))] == [
        ["Points", "issued", "10", "20", "+10"], ["base", "10", "20", "+10"],
    ]  # fmt: skip
    result: dict[str, Any] = json.loads(run(draft, "--format", "json"))
    assert (result["program"], result["today"]["issued"], result["draft"]["issued"]) == ("Club", "15", "30")
    assert ProgramVersion.objects.count() == 1


def test_a_whole_file_and_a_named_program_are_drafts_too(draft: Path) -> None:
    text = draft.read_text()
    draft.write_text("programs:\n- name: Club\n" + "".join(f"  {line}\n" for line in text.splitlines()))
    assert json.loads(run(draft, "--format", "json", "--program", "Club"))["draft"]["issued"] == "30"


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("earning: [{name: x, award: {per: 1}}]", (), "earning[0].award: must be per with points"),
        ("earning: [{name: x, award: {fixed: 1}, when: {stores: [nowhere]}}]", (), "earning[0].when.stores[0]:"),
        ("surprise: 1", (), "surprise: unknown key"),
        ("default: false", (), "default: is no rule: change it in the organization file"),
        ("- 1", (), "must be a mapping"),
        ("precision: 1", ("--program", "Nothing"), "there is no program 'Nothing'"),
        ("programs: []", (), "programs: name the program"),
    ],
)
def test_a_wrong_draft_ends_with_status_2(draft: Path, text: str, arguments: tuple[str, ...], message: str) -> None:
    draft.write_text(text)
    with pytest.raises(CommandError, match="nothing was rehearsed") as caught:
        run(draft, *arguments)
    assert message in str(caught.value)
    assert caught.value.returncode == 2


def test_an_unknown_organization_or_file_ends_with_status_2(draft: Path) -> None:
    with pytest.raises(CommandError, match="There is no organization elsewhere"):
        call_command("rehearse", "elsewhere", str(draft))
    with pytest.raises(CommandError, match="No such file"):
        run(draft.with_name("absent.yaml"))
    with pytest.raises(CommandError, match="must be from 1 to 3650"):
        run(draft, "--days", "0")
