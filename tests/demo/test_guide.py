"""What is the demo, where may it be loaded, and how does one try it?"""

import json
import shlex
from collections.abc import Mapping
from typing import Any

import pytest
from django.core.management.base import CommandError
from lxml import etree
from pytest_django import Settings

from demo.log_ins import OPERATOR, ORGANIZATION_CODE, ORGANIZATION_FILE, calls, check_allowed, guide
from tests.factories.locations import digest
from use_cases.organization_file import check_document


@pytest.fixture
def document() -> Mapping[str, Any]:
    """The organization file, checked."""
    return check_document(ORGANIZATION_FILE.read_bytes(), environment={})


def test_production_refuses_it_with_any_option(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="passwords are public"):
        check_allowed(yes=True)


def test_a_database_of_your_own_is_changed_only_with_yes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PRODUCTION = False
    settings.DATABASE_URL = "postgresql://shop@db.example/shop"
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", "shop")
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "db.example")
    with pytest.raises(CommandError, match=r"the database shop at db.example up to date .* Add --yes"):
        check_allowed(yes=False)
    check_allowed(yes=True)


def test_the_embedded_database_needs_no_yes(settings: Settings) -> None:
    settings.PRODUCTION, settings.DATABASE_URL = False, ""
    check_allowed(yes=False)


def test_the_organization_file_is_good_and_has_the_code(document: Mapping[str, Any]) -> None:
    assert document["organization"]["code"] == ORGANIZATION_CODE


def test_the_guide_names_every_log_in(document: Mapping[str, Any]) -> None:
    lines = guide("http://127.0.0.1:8123").splitlines()
    assert lines[0] == "Harbour & Pine Outfitters, the back office: http://127.0.0.1:8123/admin/"
    shown = {tuple(line.split()[:2]) for line in lines if line.startswith("  ")}
    assert shown == {(OPERATOR.username, OPERATOR.password)} | {(one["username"], one["password"]) for one in document["staff"]}
    assert {one["role"] for one in document["staff"]} == {"org_admin", "store_manager", "store_staff", "care_agent", "auditor"}
    assert "  owen   harbour-owen-demo   store manager of hfx.waterfront and lun.king" in lines


def test_the_calls_are_shell_words_with_the_digest_of_the_password() -> None:
    till = {"code": "harbour.till1", "password": "harbour-till-demo"}
    add_json, add_xml, get = (shlex.split(call) for call in calls("http://127.0.0.1:8123", till=till))
    for words in (add_json, add_xml, get):
        assert words[:4] == ["curl", "-s", "-u", f"harbour.till1:{digest(till['password'])}"]
    assert json.loads(add_json[-1])["root"]["customer"][0]["mobile"] == "19025550101"
    assert etree.fromstring(add_xml[-1]).findtext("customer/mobile") == "19025550102"
    assert get[-1] == "http://127.0.0.1:8123/v1.1/customer/get?format=json&mobile=19025550101&user_id=true"
