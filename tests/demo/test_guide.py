"""Guide of the demo."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

from demo.guide import OPERATOR, calls, guide, simulation
from demo.management.commands.simulate_tills import Command
from demo.organization import ORGANIZATION_FILE
from tests.factories.locations import digest
from use_cases.organization_file import check_document


@pytest.fixture
def document() -> Mapping[str, Any]:
    """The organization file, checked."""
    return check_document(ORGANIZATION_FILE.read_bytes(), environment={})


def test_the_guide_names_every_log_in(document: Mapping[str, Any]) -> None:
    staff = document["staff"]
    lines = guide("http://127.0.0.1:8123").splitlines()
    assert lines[0] == "Harbour & Pine Outfitters, the back office: http://127.0.0.1:8123/admin/"
    shown = {tuple(line.split()[:2]) for line in lines if line.startswith("  ")}
    assert shown == {(OPERATOR.username, OPERATOR.password)} | {(member["username"], member["password"]) for member in staff}
    assert {member["role"] for member in staff} == {"org_admin", "store_manager", "store_staff", "care_agent", "auditor"}
    assert "  owen   harbour-owen-demo   store manager of hfx.waterfront and lun.king" in lines


def test_the_calls_are_shell_words_with_the_digest_of_the_password() -> None:
    till = {"code": "harbour.till1", "password": "harbour-till-demo"}
    add_json, add_xml, get = (shlex.split(call) for call in calls("http://127.0.0.1:8123", till=till))
    for words in (add_json, add_xml, get):
        assert words[:4] == ["curl", "-s", "-u", f"harbour.till1:{digest(till['password'])}"]
    assert json.loads(add_json[-1])["root"]["customer"][0]["mobile"] == "19025550101"
    assert etree.fromstring(add_xml[-1]).findtext("customer/mobile") == "19025550102"
    assert get[-1] == "http://127.0.0.1:8123/v1.1/customer/get?format=json&mobile=19025550101&user_id=true"


def test_the_simulation_of_tills_is_called_with_options_that_it_has() -> None:
    command = simulation("http://127.0.0.1:8123")
    assert command in guide("http://127.0.0.1:8123").splitlines()
    python, manage, name, *options = shlex.split(command)
    assert (python, manage, name) == (".venv/bin/python", "manage.py", "simulate_tills")
    given = Command().create_parser("manage.py", name).parse_args(options)
    assert (given.url, given.tills, given.minutes) == ("http://127.0.0.1:8123", 20, 5)
