"""Deferred loyalty events in the back office: to look at, and to have tried again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from customers.profile.models import Customer
from engagement.events.models import DeferredEvent
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import list_of, log_in, page_of, register, shown
from tests.factories.events import DeferredEventFactory
from tests.factories.locations import TillFactory
from tests.factories.staff import StaffMemberFactory
from tests.jobs import defer

EVENTS = "engagement_deferredevent"


@pytest.fixture
def anna(till: Till) -> Customer:
    return register(till, firstname="Anna", mobile="9812300001")


@pytest.fixture
def events(till: Till, anna: Customer) -> dict[str, DeferredEvent]:
    """One of each state."""
    worked, failing, waiting = defer(anna, till, "welcome"), defer(anna, till, "bill", bill=7), defer(anna, till, "bill")
    DeferredEvent.objects.filter(pk=worked.pk).update(worked_at=timezone.now(), attempts=2, last_error="OperationalError")
    DeferredEvent.objects.filter(pk=failing.pk).update(attempts=3, last_error="ZeroDivisionError")
    return {"worked": worked, "failing": failing, "waiting": waiting}


@pytest.fixture
def stranger(organization: Organization) -> DeferredEvent:
    """An event of another organization."""
    with unscoped("tests make their rows"):
        till = TillFactory(store__organization__code="bazaar", code="bazaar.till1")
    return defer(register(till, mobile="9812300001"), till, "welcome")


def browser(organization: Organization | None, role: str = "") -> Client:
    return log_in(StaffMemberFactory(organization=organization, role=role))


def try_again(client: Client, *events: DeferredEvent) -> Any:
    return client.post(
        list_of(EVENTS),
        {"action": "try_again", "confirmed": "1", "_selected_action": [event.pk for event in events]},
        follow=True,
    )


def delay_jobs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = %s", [timezone.now() + timedelta(hours=6)])


def due_jobs() -> list[int]:
    """The customers whose jobs are due, in order."""
    return list(ProcrastinateJob.objects.filter(scheduled_at=None).order_by("pk").values_list("args__customer", flat=True))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", ["waiting", "failing", "worked"]),
        ("waiting", ["waiting", "failing"]),
        ("failing", ["failing"]),
        ("worked", ["worked"]),
    ],
)
def test_events_are_listed_by_state_newest_first(
    organization: Organization, events: dict[str, DeferredEvent], stranger: DeferredEvent, state: str, expected: list[str]
) -> None:
    answer = browser(organization, "auditor").get(list_of(EVENTS), {"state": state} if state else {})
    assert shown(answer) == [events[name] for name in expected]


@pytest.mark.parametrize(("count", "more"), [(1, 0), (3, 2)])
def test_the_list_costs_the_same_for_any_number(
    organization: Organization, till: Till, count: int, more: int, django_assert_num_queries: Any
) -> None:
    DeferredEventFactory.create_batch(count, customer__organization=organization)
    client = browser(organization, "auditor")
    client.get(list_of(EVENTS))
    # Session, member of staff, the limit to stores, the queues, the count, the rows.
    with django_assert_num_queries(6):
        assert len(shown(client.get(list_of(EVENTS)))) == 1 + more


def test_a_customers_events_are_found_by_the_customers_id(
    organization: Organization, till: Till, events: dict[str, DeferredEvent], anna: Customer
) -> None:
    other = defer(register(till, mobile="9812300002"), till)
    client = browser(organization, "care_agent")
    assert len(shown(client.get(list_of(EVENTS), {"q": str(anna.pk)}))) == len(events)
    assert shown(client.get(list_of(EVENTS), {"q": f" {other.customer_id} "})) == [other]
    for nobody in ("Anna", "9" * 25):
        assert shown(client.get(list_of(EVENTS), {"q": nobody})) == []
    assert len(shown(client.get(list_of(EVENTS), {"q": " "}))) == len(events) + 1


def test_an_event_is_opened_and_never_changed(organization: Organization, events: dict[str, DeferredEvent]) -> None:
    client = browser(organization, "org_admin")
    page = client.get(page_of(EVENTS, events["failing"])).content.decode()
    for text in ("failing", "ZeroDivisionError", "mgroad.till1", "till:mgroad.till1"):
        assert text in page
    assert client.post(page_of(EVENTS, events["failing"]), {"kind": "x"}).status_code == 403
    assert client.get("/admin/engagement/deferredevent/add/").status_code == 403


def test_an_event_of_another_organization_is_not_there(organization: Organization, stranger: DeferredEvent) -> None:
    client = browser(organization, "org_admin")
    assert client.get(page_of(EVENTS, stranger)).status_code == 302
    delay_jobs()
    try_again(client, stranger)
    assert due_jobs() == []


def test_events_that_wait_are_tried_again_at_once(organization: Organization, events: dict[str, DeferredEvent]) -> None:
    delay_jobs()
    answer = try_again(browser(organization, "care_agent"), *events.values())
    assert "Will be tried again as soon as a worker is free: 2." in answer.content.decode()
    assert due_jobs() == [events["failing"].customer_id]
    audit = AuditEntry.objects.filter(action="tried again").order_by("object_id")
    assert [(entry.object_id, entry.actor) for entry in audit] == [
        (events[name].pk, "staff:care_agent") for name in ("failing", "waiting")
    ]
    history = browser(organization, "org_admin").get(f"{page_of(EVENTS, events['failing'])[: -len('change/')]}history/")
    assert "Tried again" in history.content.decode()


def test_an_operator_has_events_of_every_organization_tried_again(
    events: dict[str, DeferredEvent], stranger: DeferredEvent
) -> None:
    delay_jobs()
    try_again(browser(None), events["waiting"], stranger)
    assert due_jobs() == [events["waiting"].customer_id, stranger.customer_id]
    with organization_scope(stranger.organization_id):
        (entry,) = AuditEntry.objects.filter(action="tried again")
    assert (entry.object_id, entry.actor) == (stranger.pk, "staff:operator")


def test_an_auditor_only_looks(organization: Organization, events: dict[str, DeferredEvent]) -> None:
    client = browser(organization, "auditor")
    assert "Try again now" not in client.get(list_of(EVENTS)).content.decode()
    delay_jobs()
    try_again(client, events["waiting"])
    assert due_jobs() == []


@pytest.mark.parametrize("role", ["store_manager", "store_staff"])
def test_staff_of_stores_have_no_such_page(organization: Organization, events: dict[str, DeferredEvent], role: str) -> None:
    assert browser(organization, role).get(list_of(EVENTS)).status_code == 403


def test_staff_limited_to_stores_have_no_such_page(store: Store, events: dict[str, DeferredEvent]) -> None:
    member = StaffMemberFactory(organization=store.organization, role="care_agent", stores=[store])
    assert log_in(member).get(list_of(EVENTS)).status_code == 403
