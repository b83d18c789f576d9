"""Section `user_groups` of the organization file."""

from typing import Any

import pytest
import yaml

from customers.groups.models import UserGroup
from organizations.audit.models import AuditEntry
from organizations.organization_file.loading import LoadReport
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, small
from use_cases.organization_file import check_document, dump_organization, load_organization

pytestmark = pytest.mark.django_db
FAMILY = {"external_id": "G1", "name": "Family 1"}
CREW = {"external_id": "G2", "name": "The crew"}


def load(*groups: dict[str, Any]) -> LoadReport:
    return load_organization(check({**small(), "user_groups": list(groups)}))


def test_groups_are_made_changed_and_switched_off_by_their_external_id() -> None:
    report = load(FAMILY, CREW)
    assert report.lines[-2:] == ["user_groups[0]: created user group G1", "user_groups[1]: created user group G2"]
    assert (report.stored, report.organization.stored_sections) == ([], {})
    assert load({**CREW, "name": "Crew"}).lines == [
        'user_groups[0].name: "The crew" -> "Crew"',
        "user group G1: no longer named, deactivated",
    ]
    with organization_scope(report.organization):
        rows = list(UserGroup.objects.values_list("external_id", "name", "is_active"))
        assert rows == [("G1", "Family 1", False), ("G2", "Crew", True)]
        actions = AuditEntry.objects.filter(object_type="usergroup").order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["created", "created", "changed", "deactivated"]


def test_the_dump_round_trips() -> None:
    load(FAMILY, CREW)
    organization = load(CREW).organization
    text = dump_organization(organization)
    assert yaml.safe_load(text)["user_groups"] == [{**FAMILY, "active": False}, CREW]
    assert load_organization(check_document(text.encode(), environment={})).lines == []
