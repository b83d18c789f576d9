"""Calls about a customer that another transaction holds (docs/protocol.md 1.6, 521; docs/operating.md, REQUEST_SECONDS)."""

import time
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings
from structlog.testing import capture_logs

from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from loyalty_project.db import request_time
from organizations.idempotency.models import KeptAnswer
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope
from tests.api import Api

pytestmark = pytest.mark.django_db(transaction=True)
ANNA = {"mobile": "9812300001", "firstname": "Ann"}
OTHER = {"mobile": "9812300009", "firstname": "Bo"}


@pytest.fixture
def api(till: Till) -> Api:
    return Api(till)


@pytest.fixture
def busy(anna: Customer) -> Iterator[Customer]:
    """Anna, locked by another connection."""
    is_held, release = Event(), Event()

    def hold() -> None:
        try:
            with organization_scope(anna.organization), transaction.atomic():
                lock_customer(anna.pk)
                is_held.set()
                release.wait(60)
        finally:
            connection.close()

    holder = Thread(target=hold)
    holder.start()
    assert is_held.wait(30)
    yield anna
    release.set()
    holder.join()


@pytest.fixture
def little_patience(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Waits end after 0.4 seconds, all waits of a call as well."""
    settings.LOCK_SECONDS = 0.4
    monkeypatch.setattr(request_time, "LONG_STATEMENT", 0.1)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '400ms'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


@pytest.mark.usefixtures("busy", "little_patience")
def test_a_batch_waits_for_one_customer_once(api: Api) -> None:
    begun = time.monotonic()
    answer = api.update(*[ANNA] * 50, OTHER, ANNA)
    assert time.monotonic() - begun < 10  # 52 waits take 20 seconds
    assert answer.codes == ["521"] * 50 + ["1012", "521"]


@pytest.mark.usefixtures("busy", "little_patience")
def test_items_that_the_time_does_not_reach_are_521_and_may_be_sent_again(api: Api, settings: Settings) -> None:
    settings.REQUEST_SECONDS = 0.3
    with capture_logs() as events:
        late = api.add(ANNA, OTHER, key="k-1")
    assert late.codes == ["521", "521"]
    assert [event["event"] for event in events] == ["request_out_of_time"]
    assert not KeptAnswer.objects.exists()
    settings.REQUEST_SECONDS = 30
    again = api.add(ANNA, OTHER, key="k-1")
    assert again.codes == ["521", "1000"]
    assert not again.is_replayed


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("notes", {"notes": {"note": [{"description": "Likes tea"}]}}),
        ("preferences", {"store": {"code": "blr.mgroad"}}),
    ],
)
def test_a_note_and_a_preference_of_a_busy_customer_are_521(
    api: Api, anna: Customer, request: pytest.FixtureRequest, action: str, more: dict[str, Any]
) -> None:
    body = {"root": {"customer": [{"id": str(anna.pk), **more}]}}

    def status() -> str:
        answer = api.call("POST", action, "", body)
        item = answer.customer if action == "notes" else answer.item
        code: str = item["item_status"]["code"]
        return code

    assert status() == "1000"
    for fixture in ("busy", "little_patience"):
        request.getfixturevalue(fixture)
    assert status() == "521"


@pytest.mark.usefixtures("anna")
def test_a_read_that_uses_its_time_is_521(api: Api, settings: Settings) -> None:
    settings.REQUEST_SECONDS = 0.000001
    answer = api.get("mobile=9812300001")
    assert (answer.http.status_code, answer.status["code"]) == (521, 521)
