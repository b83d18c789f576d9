"""The words of tickets in the back office."""

import pytest
from django.test import Client

from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from tests.back_office import errors_of, filled_form, list_of, log_in, page_of, shown
from tests.factories.staff import StaffMemberFactory
from tickets.choices.models import TicketChoice

pytestmark = pytest.mark.django_db
CHOICES = "tickets_ticketchoice"


@pytest.fixture
def admin(words: Organization) -> Client:
    return log_in(StaffMemberFactory(organization=words, role="org_admin"))


def add(admin: Client, **typed: object) -> object:
    address = list_of(CHOICES) + "add/"
    return admin.post(address, {"kind": "STATUS", "code": "Waiting", "position": 3, "is_active": "on", **typed})


def test_words_are_listed_and_filtered(admin: Client) -> None:
    assert len(shown(admin.get(list_of(CHOICES)))) == 8
    assert len(shown(admin.get(f"{list_of(CHOICES)}?kind__exact=STATUS"))) == 3


def test_a_word_is_added_in_capitals(admin: Client) -> None:
    assert add(admin).status_code == 302
    word = TicketChoice.objects.get(code="WAITING")
    assert (word.kind, word.position, word.is_closed) == ("STATUS", 3, False)
    assert AuditEntry.objects.filter(object_type="ticketchoice", action="created").count() == 1


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"code": "open"}, "code", "Is taken already."),
        ({"kind": "PRIORITY", "is_closed": "on"}, "is_closed", "Only a status closes tickets."),
        ({"due_hours": "4"}, "due_hours", "Only a priority has a time."),
        ({"kind": "PRIORITY", "due_hours": "0"}, "due_hours", "Must be from 1 to 87600."),
    ],
)
def test_what_makes_no_sense_is_refused(admin: Client, typed: dict[str, str], field: str, message: str) -> None:
    assert errors_of(add(admin, **typed)) == {field: [message]}


def test_a_priority_gets_a_time(admin: Client) -> None:
    low = TicketChoice.objects.get(code="LOW")
    address = page_of(CHOICES, low)
    assert admin.post(address, filled_form(admin, address, due_hours="72")).status_code == 302
    low.refresh_from_db()
    assert low.due_hours == 72
