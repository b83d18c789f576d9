"""Rounds of deliveries: taken, settled, delivered again, given up, and deleted from the log."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organizations import OrganizationFactory
from tests.factories.webhooks import DeliveryFactory, listen
from tests.webhooks.queued import queued_endpoints
from webhooks.deliveries.models import Attempt, Delivery
from webhooks.deliveries.services import (
    Round,
    close_round,
    expire_deliveries,
    open_round,
    prune_log,
    replay,
    send_test,
    wake_endpoints,
)
from webhooks.endpoints.models import Endpoint, EndpointHealth
from webhooks.events.models import Event
from webhooks.sending.client import Outcome

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TAKEN, REFUSED = Outcome(status=200, error="", milliseconds=40), Outcome(status=503, error="status", milliseconds=7)
SILENT = Outcome(status=None, error="timeout", milliseconds=10_000)


@pytest.fixture
def endpoint(organization: Organization) -> Endpoint:
    return listen(organization, "customer.registered")


def take(endpoint: Endpoint) -> Round | None:
    return open_round(endpoint.pk, organization=endpoint.organization)


def give(endpoint: Endpoint, *outcomes: Outcome) -> None:
    """A round with these outcomes."""
    taken = take(endpoint)
    assert taken is not None
    close_round(taken, outcomes or [TAKEN] * len(taken.messages), organization=endpoint.organization)


def states(deliveries: Sequence[Delivery]) -> list[tuple[str, int, int | None, str]]:
    rows = [Delivery.objects.get(pk=row.pk) for row in deliveries]
    return [(row.state, row.attempts, row.status, row.error) for row in rows]


def health(endpoint: Endpoint) -> EndpointHealth:
    return EndpointHealth.objects.get(endpoint=endpoint)


@time_machine.travel(NOW, tick=False)
def test_a_round_has_the_whole_body_and_the_secrets(endpoint: Endpoint) -> None:
    delivery = DeliveryFactory(endpoint=endpoint, event__customer_id=12, event__facts={"customer": {"firstname": "Zoë"}})
    taken = take(endpoint)
    assert taken is not None
    (message,) = taken.messages
    assert orjson.loads(message.body) == {
        "id": str(delivery.event.uid),
        "type": "customer.registered",
        "version": 1,
        "occurred_at": "2026-03-01T12:00:00Z",
        "organization": "northwind",
        "user_id": 12,
        "data": {"customer": {"firstname": "Zoë"}},
    }
    assert (message.uid, message.attempt, taken.endpoint) == (str(delivery.event.uid), 1, endpoint)
    assert [key[:6] for key in taken.keys] == ["whsec_"]


def test_ten_are_taken_at_a_time_the_oldest_first(endpoint: Endpoint) -> None:
    rows = [DeliveryFactory(endpoint=endpoint) for _ in range(12)]
    taken, rest, none = take(endpoint), take(endpoint), take(endpoint)
    assert taken
    assert rest
    assert [message.delivery_id for message in (*taken.messages, *rest.messages)] == [row.pk for row in rows]
    assert (len(taken.messages), none) == (10, None)


def test_what_is_taken_is_free_again_after_a_minute(endpoint: Endpoint) -> None:
    row = DeliveryFactory(endpoint=endpoint)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        assert take(endpoint) is not None
        traveller.shift(59)
        assert take(endpoint) is None
        traveller.shift(1)
        again = take(endpoint)
    assert again is not None
    assert [(message.delivery_id, message.attempt) for message in again.messages] == [(row.pk, 2)]


def test_nothing_is_taken_for_endpoints_that_are_off_paused_or_resting(endpoint: Endpoint) -> None:
    DeliveryFactory(endpoint=endpoint)
    for values in ({"is_active": False}, {"paused_at": clock.now(), "paused_because": "STAFF"}):
        Endpoint.objects.update(**values)
        assert take(endpoint) is None
        Endpoint.objects.update(is_active=True, paused_at=None, paused_because="")
    EndpointHealth.objects.create(
        organization=endpoint.organization, endpoint=endpoint, rests_until=clock.now() + timedelta(minutes=1)
    )
    assert take(endpoint) is None
    EndpointHealth.objects.update(rests_until=clock.now())
    assert take(endpoint) is not None


def test_endpoints_of_other_organizations_are_not_served(endpoint: Endpoint) -> None:
    DeliveryFactory(endpoint=endpoint)
    other = OrganizationFactory(code="bazaar")
    with organization_scope(other):
        assert open_round(endpoint.pk, organization=other) is None


@time_machine.travel(NOW, tick=False)
def test_a_success_ends_a_delivery(endpoint: Endpoint) -> None:
    row = DeliveryFactory(endpoint=endpoint)
    give(endpoint)
    assert states([row]) == [("DELIVERED", 1, 200, "")]
    row.refresh_from_db()
    assert row.finished_at == NOW
    attempt = Attempt.objects.get(delivery=row)
    assert (attempt.status, attempt.error, attempt.milliseconds, attempt.at) == (200, "", 40, NOW - timedelta(milliseconds=40))
    assert (health(endpoint).succeeded_at, health(endpoint).failures) == (NOW, 0)
    assert take(endpoint) is None


@time_machine.travel(NOW, tick=False)
def test_failures_wait_and_let_the_endpoint_rest(endpoint: Endpoint) -> None:
    rows = [DeliveryFactory(endpoint=endpoint) for _ in range(2)]
    give(endpoint, REFUSED, SILENT)
    assert states(rows) == [("PENDING", 1, 503, "status"), ("PENDING", 1, None, "timeout")]
    rows[0].refresh_from_db()
    assert timedelta(seconds=24) <= rows[0].next_at - NOW <= timedelta(seconds=36)
    known = health(endpoint)
    assert (known.failures, known.failing_since) == (1, NOW)
    assert known.rests_until is not None
    assert timedelta(seconds=12) <= known.rests_until - NOW <= timedelta(seconds=18)
    assert take(endpoint) is None


def test_an_endpoint_that_failed_gets_one_and_after_a_success_all(endpoint: Endpoint) -> None:
    rows = [DeliveryFactory(endpoint=endpoint) for _ in range(12)]
    with time_machine.travel(NOW, tick=False) as traveller:
        Delivery.objects.update(next_at=NOW, expires_at=NOW + timedelta(days=7))
        give(endpoint, *[SILENT] * 10)
        traveller.shift(20)
        probe = take(endpoint)
        assert probe is not None
        # Not one of those that were tried: the others were not held back by their failure.
        assert [message.delivery_id for message in probe.messages] == [rows[10].pk]
        close_round(probe, [TAKEN], organization=endpoint.organization)
        assert (health(endpoint).failures, health(endpoint).failing_since) == (0, None)
        traveller.shift(20)
        after = take(endpoint)
    assert after is not None
    assert len(after.messages) == 10


def test_one_event_that_is_refused_holds_back_no_other(endpoint: Endpoint) -> None:
    rows = [DeliveryFactory(endpoint=endpoint) for _ in range(3)]
    give(endpoint, TAKEN, REFUSED, TAKEN)
    assert [state for state, *_ in states(rows)] == ["DELIVERED", "PENDING", "DELIVERED"]
    assert health(endpoint).rests_until is None


def test_after_seven_days_a_delivery_is_given_up(endpoint: Endpoint) -> None:
    row, untried, fresh = (DeliveryFactory(endpoint=endpoint) for _ in range(3))
    Delivery.objects.filter(pk__in=[row.pk, untried.pk]).update(expires_at=clock.now() + timedelta(seconds=10))
    Delivery.objects.filter(pk__in=[untried.pk, fresh.pk]).update(next_at=clock.now() + timedelta(minutes=5))
    # The next attempt would come too late.
    give(endpoint, SILENT)
    assert states([row]) == [("FAILED", 1, None, "timeout")]
    with time_machine.travel(clock.now() + timedelta(seconds=11)):
        assert expire_deliveries() == 1
        assert expire_deliveries() == 0
    assert states([untried, fresh]) == [("FAILED", 0, None, "not tried"), ("PENDING", 0, None, "")]


def test_what_is_too_old_is_not_taken_any_more(endpoint: Endpoint) -> None:
    DeliveryFactory(endpoint=endpoint, expires_at=clock.now())
    assert take(endpoint) is None


def test_three_days_of_failure_pause_an_endpoint_visibly(endpoint: Endpoint) -> None:
    row = DeliveryFactory(endpoint=endpoint)
    give(endpoint, SILENT)
    EndpointHealth.objects.update(failing_since=clock.now() - timedelta(days=3), rests_until=None)
    Delivery.objects.update(next_at=clock.now())
    give(endpoint, SILENT)
    endpoint.refresh_from_db()
    assert (endpoint.paused_because, endpoint.paused_at is not None) == ("FAILURES", True)
    entry = AuditEntry.objects.get(object_type="endpoint", action="paused")
    assert (entry.actor, entry.new) == ("command:worker", {"paused": "after failures"})
    assert states([row])[0][0] == "PENDING"
    assert take(endpoint) is None


def test_an_attempt_that_was_overtaken_changes_nothing(endpoint: Endpoint) -> None:
    row = DeliveryFactory(endpoint=endpoint)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        slow = take(endpoint)
        traveller.shift(61)
        quick = take(endpoint)
        assert slow
        assert quick
        close_round(quick, [TAKEN], organization=endpoint.organization)
        close_round(slow, [SILENT], organization=endpoint.organization)
    assert states([row]) == [("DELIVERED", 2, 200, "")]
    assert Attempt.objects.filter(delivery=row).count() == 2


def test_without_a_readable_secret_there_are_no_keys(endpoint: Endpoint, settings: Settings) -> None:
    DeliveryFactory(endpoint=endpoint)
    settings.SECRET_KEY = "another key"
    taken = take(endpoint)
    assert taken is not None
    assert taken.keys == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_round_is_a_constant_number_of_statements(
    endpoint: Endpoint, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        DeliveryFactory(endpoint=endpoint)
    with django_assert_num_queries(5):  # two of them for the transaction
        taken = take(endpoint)
    assert taken is not None
    with django_assert_num_queries(5):
        close_round(taken, [TAKEN] * count, organization=endpoint.organization)


# --- again


def test_deliveries_are_sent_again_with_a_fresh_deadline(endpoint: Endpoint) -> None:
    rows = [DeliveryFactory(endpoint=endpoint, event__customer_id=number) for number in (1, 2, 3)]
    give(endpoint, TAKEN, TAKEN, TAKEN)
    Delivery.objects.filter(pk=rows[2].pk).update(state="FAILED", error="status", attempts=30)
    EndpointHealth.objects.update(rests_until=clock.now() + timedelta(minutes=20))
    by = command_actor("x", endpoint.organization)
    assert replay([rows[0].pk, rows[2].pk, 0], by=by) == 2
    assert states(rows) == [("PENDING", 0, 200, ""), ("DELIVERED", 1, 200, ""), ("PENDING", 0, 200, "status")]
    assert queued_endpoints() == [endpoint.pk]
    taken = take(endpoint)
    assert taken is not None
    assert [message.uid for message in taken.messages] == [str(rows[0].event.uid), str(rows[2].event.uid)]
    assert {message.expires_at > clock.now() + timedelta(days=6) for message in taken.messages} == {True}
    assert sorted(AuditEntry.objects.filter(action="replayed").values_list("object_id", flat=True)) == [rows[0].pk, rows[2].pk]


def test_deliveries_of_other_organizations_are_not_sent_again(endpoint: Endpoint) -> None:
    row = DeliveryFactory(endpoint=endpoint, state="FAILED", finished_at=clock.now())
    other = OrganizationFactory(code="bazaar")
    with organization_scope(other):
        assert replay([row.pk], by=command_actor("x", other)) == 0
    assert states([row])[0][0] == "FAILED"


def test_a_test_goes_to_one_endpoint_whatever_it_listens_to(endpoint: Endpoint) -> None:
    delivery = send_test(endpoint, by=command_actor("x", endpoint.organization))
    assert (delivery.event.kind, delivery.event.customer_id) == ("webhook.test", None)
    assert queued_endpoints() == [endpoint.pk]
    taken = take(endpoint)
    assert taken is not None
    assert orjson.loads(taken.messages[0].body)["data"] == {"sent_by": "command:x"}


# --- waking


def test_endpoints_with_something_due_and_no_job_get_one(organization: Organization) -> None:
    waiting, idle, paused, resting, off = (listen(organization, "customer.registered") for _ in range(5))
    for endpoint in (waiting, paused, resting, off):
        DeliveryFactory(endpoint=endpoint)
    DeliveryFactory(endpoint=idle, next_at=clock.now() + timedelta(minutes=5))
    Endpoint.objects.filter(pk=paused.pk).update(paused_at=clock.now(), paused_because="STAFF")
    Endpoint.objects.filter(pk=off.pk).update(is_active=False)
    EndpointHealth.objects.create(
        organization=organization, endpoint=resting, failures=1, rests_until=clock.now() + timedelta(minutes=1)
    )
    other = listen(OrganizationFactory(code="bazaar"), "customer.registered")
    DeliveryFactory(endpoint=other)
    assert wake_endpoints() == 2
    assert queued_endpoints() == [waiting.pk, other.pk]
    assert wake_endpoints() == 0


# --- the log


def test_old_events_leave_the_log_unless_they_wait(endpoint: Endpoint, settings: Settings) -> None:
    settings.WEBHOOK_LOG_DAYS = 30
    done, waits, young = (DeliveryFactory(endpoint=endpoint) for _ in range(3))
    give(endpoint)
    Delivery.objects.filter(pk=waits.pk).update(state="PENDING", finished_at=None)
    Event.objects.exclude(pk=young.event_id).update(recorded_at=clock.now() - timedelta(days=31))
    assert prune_log() == 1
    assert prune_log() == 0
    assert not Event.objects.filter(pk=done.event_id).exists()
    assert set(Delivery.objects.values_list("pk", flat=True)) == {waits.pk, young.pk}
    assert set(Attempt.objects.values_list("delivery_id", flat=True)) == {waits.pk, young.pk}


def test_the_log_of_other_organizations_stays(endpoint: Endpoint) -> None:
    DeliveryFactory(endpoint=endpoint, state="FAILED", finished_at=clock.now())
    Event.objects.update(recorded_at=clock.now() - timedelta(days=400))
    with organization_scope(OrganizationFactory(code="bazaar")):
        assert prune_log() == 0
    assert prune_log() == 1
