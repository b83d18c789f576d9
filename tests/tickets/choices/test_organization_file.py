"""Words of tickets in the organization file: rows, what is refused, and the file again."""

from copy import deepcopy
from typing import Any

import pytest

from organizations.audit.models import AuditEntry
from organizations.configuration import current_configuration
from organizations.organization_file.loading import LoadReport
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, load, problems_of, small, storing
from tests.migrations import carry_back, carry_over
from tickets.choices.catalog import load_ticket_choices
from tickets.choices.models import TicketChoice
from use_cases.organization_file import check_document, dump_organization, load_organization

pytestmark = pytest.mark.django_db
WORDS: dict[str, Any] = {
    "statuses": ["OPEN", "WAITING", "CLOSE"],
    "closed_statuses": ["CLOSE"],
    "priorities": ["LOW", "HIGH"],
    "departments": ["STORE"],
    "due_hours": {"HIGH": 4},
}


def loaded(**lists: Any) -> LoadReport:
    return load_organization(check({**small(), "tickets": deepcopy({**WORDS, **lists})}))


def reload(organization: Organization) -> list[str]:
    """What loading its own dump changes."""
    return load_organization(check_document(dump_organization(organization).encode(), environment={})).lines


def rows(organization: Organization, *columns: str, **by: Any) -> list[Any]:
    with organization_scope(organization):
        return list(TicketChoice.objects.filter(**by).values_list(*columns))


def test_every_word_gets_a_row() -> None:
    report = loaded()
    assert report.lines[-6:] == [
        "tickets.statuses[0]: created ticket status OPEN",
        "tickets.statuses[1]: created ticket status WAITING",
        "tickets.statuses[2]: created ticket status CLOSE",
        "tickets.priorities[0]: created ticket priority LOW",
        "tickets.priorities[1]: created ticket priority HIGH",
        "tickets.departments[0]: created ticket department STORE",
    ]
    assert report.stored == []
    assert rows(report.organization, "code", "is_closed", "position", kind="STATUS") == [
        ("OPEN", False, 0),
        ("WAITING", False, 1),
        ("CLOSE", True, 2),
    ]
    assert rows(report.organization, "code", "due_hours", kind="PRIORITY") == [("LOW", None), ("HIGH", 4)]


def test_the_dump_loads_without_a_change() -> None:
    organization = loaded().organization
    assert reload(organization) == []
    assert loaded().lines == []


def test_words_are_matched_without_case() -> None:
    organization = loaded().organization
    assert loaded(statuses=["Open", "waiting", "Close"], closed_statuses=["close"], due_hours={"high": 4}).lines == []
    assert reload(organization) == []


def test_changes_are_printed_with_their_paths() -> None:
    loaded()
    report = loaded(statuses=["WAITING", "OPEN", "CLOSE"], closed_statuses=[], due_hours={"HIGH": 8, "LOW": 72})
    assert report.lines == [
        "tickets.statuses[0].position: 1 -> 0",
        "tickets.statuses[1].position: 0 -> 1",
        "tickets.statuses[2].closed: true -> false",
        "tickets.priorities[0].due_hours: null -> 72",
        "tickets.priorities[1].due_hours: 4 -> 8",
    ]


def test_a_word_that_the_file_drops_is_switched_off_and_stays() -> None:
    loaded()
    report = loaded(statuses=["OPEN", "CLOSE"])
    assert report.lines == ["tickets.statuses[1].position: 2 -> 1", "ticket status WAITING: no longer named, deactivated"]
    assert rows(report.organization, "is_active", code="WAITING") == [(False,)]
    assert reload(report.organization) == []
    with organization_scope(report.organization):
        assert AuditEntry.objects.filter(object_type="ticketchoice", action="deactivated").count() == 1
        assert current_configuration().part(load_ticket_choices).words["STATUS"] == ("OPEN", "CLOSE")
    assert "tickets.statuses[1].active: false -> true" in loaded().lines


def test_a_file_without_the_section_switches_all_words_off() -> None:
    organization = loaded().organization
    report = load_organization(check(small()))
    assert len(report.lines) == 6
    assert reload(organization) == []
    with organization_scope(organization):
        assert current_configuration().part(load_ticket_choices).first_status == "OPEN"


@pytest.mark.parametrize(
    ("lists", "path", "message"),
    [
        ({"statuses": ["OPEN", "open", "CLOSE"]}, "tickets.statuses[1]", "'OPEN' stands here twice: case makes no difference"),
        ({"departments": ["\u0390" * 100]}, "tickets.departments[0]", "must be at most 100 characters in upper case"),
        ({"closed_statuses": ["DONE"]}, "tickets.closed_statuses[0]", "there is no status 'DONE'"),
        ({"due_hours": {"NEVER": 1}}, "tickets.due_hours.NEVER", "there is no priority 'NEVER'"),
        ({"due_hours": {"HIGH": 0}}, "tickets.due_hours.HIGH", "must be from 1 to 87600"),
    ],
)
def test_what_makes_no_sense_is_refused(lists: dict[str, Any], path: str, message: str) -> None:
    assert problems_of({**small(), "tickets": {**WORDS, **lists}}) == {path: message}


def test_json_of_earlier_files_becomes_rows_and_json_again(db: None) -> None:
    lists = {key: value for key, value in WORDS.items() if key != "due_hours"}
    document = {**small(), "tickets": {**lists, "departments": ["Store", "STORE"]}}
    # Two departments that differ in case were possible then.
    tiny = load(small(), sections=storing("tickets")).organization
    Organization.objects.filter(pk=tiny.pk).update(stored_sections={"tickets": document["tickets"]})
    carry_over("tickets", "0001_initial")
    tiny.refresh_from_db()
    assert tiny.stored_sections == {}
    assert load_organization(check({**small(), "tickets": lists})).lines == []
    carry_back("tickets", "0001_initial")
    tiny.refresh_from_db()
    assert tiny.stored_sections == {"tickets": lists}
