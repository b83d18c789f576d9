"""Delivering with workers: nothing is lost, nothing is sent twice at a time, and no endpoint delays another."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from loyalty_project import clock, worker
from loyalty_project.worker import work_jobs
from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.organizations import OrganizationFactory
from tests.factories.webhooks import DeliveryFactory, listen
from tests.forking import start_python
from tests.jobs import wait_until
from tests.loyalty_project.queues import silence_workers
from tests.races import race
from tests.webhooks.queued import queued_endpoints
from tests.webhooks.receivers import Received, Receiver, receiving
from webhooks import delivering
from webhooks.announcing import Announcement, announce
from webhooks.deliveries import sql
from webhooks.deliveries.models import Delivery
from webhooks.deliveries.services import open_round
from webhooks.delivering import serve_endpoint
from webhooks.endpoints.models import Endpoint
from webhooks.endpoints.secrets import add_secret, retire_old_secrets, signing_keys
from webhooks.events.kinds import EventKind

MET = EventKind(name="customer.met", meaning="a customer was met")
# The settings are those of the process that this one is forked from, which may have started before the test.
WORKER = """
import sys
from django.conf import settings
from django.core.management import execute_from_command_line
settings.WEBHOOK_ALLOW_HTTP = settings.WEBHOOK_ALLOW_PRIVATE = True
execute_from_command_line(sys.argv)
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _receivers_are_here(settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_HTTP = settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def northwind(queue: None) -> Any:
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind")
    with organization_scope(organization):
        yield organization


def meet(*customers: int) -> None:
    with transaction.atomic():
        announce([Announcement(kind=MET, customer_id=pk, occurred_at=clock.now()) for pk in customers])


def serve(endpoint: Endpoint) -> None:
    run_serving(endpoint.pk, endpoint.organization.code)


def run_serving(endpoint_id: int, organization_code: str) -> None:
    """Serve an endpoint as a worker does, in threads whose connections are closed afterwards."""

    async def run(threads: ThreadPoolExecutor) -> None:
        asyncio.get_running_loop().set_default_executor(threads)
        await serve_endpoint(endpoint_id, organization_code=organization_code)

    with worker._threads(2) as threads:
        asyncio.run(run(threads))


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_worker_delivers_what_was_announced(northwind: Organization) -> None:
    with receiving() as receiver:
        endpoint = listen(northwind, "customer.met", url=receiver.url)
        meet(*range(1, 26))
        work_jobs(concurrency=1, until_empty=True)
    assert sorted(request.content["user_id"] for request in receiver.requests) == [*range(1, 26)]
    assert len(set(receiver.uids)) == 25
    (secret,) = signing_keys(endpoint)
    assert all(request.is_signed_by(secret) for request in receiver.requests)
    assert states() == ["DELIVERED"] * 25
    assert not ProcrastinateJob.objects.filter(queue_name="deliveries", status="failed").exists()


def test_deliveries_of_an_endpoint_are_sent_side_by_side(northwind: Organization) -> None:
    together = threading.Barrier(10)

    def answer(_request: Received, _handler: BaseHTTPRequestHandler) -> int:
        together.wait(timeout=8)
        return 200

    with receiving(Receiver(answer)) as receiver:
        endpoint = listen(northwind, "customer.met", url=receiver.url)
        meet(*range(1, 11))
        serve(endpoint)
    assert states() == ["DELIVERED"] * 10


def test_a_bad_endpoint_never_delays_another(northwind: Organization) -> None:
    release = threading.Event()

    def hang(_request: Received, _handler: BaseHTTPRequestHandler) -> int:
        release.wait(timeout=30)
        return 500

    def take(_request: Received, _handler: BaseHTTPRequestHandler) -> int:
        if len(good.requests) == 50:
            waited.append(time.monotonic() - begun)
            release.set()
        return 200

    waited: list[float] = []
    with receiving(Receiver(hang)) as bad, receiving(Receiver(take)) as good:
        # The bad one comes first, twice.
        listen(northwind, "customer.met", url=bad.url)
        listen(northwind, "customer.met", url=bad.url)
        listen(northwind, "customer.met", url=good.url)
        meet(*range(1, 51))
        begun = time.monotonic()
        work_jobs(concurrency=1, until_empty=True)
    assert len(good.requests) == 50
    # The bad ones answered nothing until the good one had everything.
    assert waited
    assert waited[0] < 9
    assert states().count("DELIVERED") == 50
    assert len(bad.requests) <= 20


def test_slow_deliveries_do_not_hold_back_other_jobs(northwind: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def hang(_request: Received, _handler: BaseHTTPRequestHandler) -> int:
        # Until a job of the other queue is done.
        wait_until(lambda: not pending_jobs())
        answered.set()
        os.kill(os.getpid(), signal.SIGTERM)
        return 200

    def pending_jobs() -> bool:
        try:
            return ProcrastinateJob.objects.filter(queue_name="default", status__in=["todo", "doing"]).exists()
        finally:
            connection.close()

    with receiving(Receiver(hang)) as receiver:
        listen(northwind, "customer.met", url=receiver.url)
        meet(1)
        work_jobs(concurrency=1, until_empty=False)
    assert answered.is_set()
    assert states() == ["DELIVERED"]


def test_two_workers_never_take_the_same_delivery(northwind: Organization) -> None:
    endpoint = listen(northwind, "customer.met")
    meet(*range(1, 61))

    def take(_: int) -> list[int]:
        with organization_scope(northwind):
            taken = open_round(endpoint.pk, organization=northwind)
        return [message.delivery_id for message in taken.messages] if taken else []

    rounds = race([[0] * 3, [1] * 3], take)
    ids = [pk for each in rounds for pk in each]
    assert len(ids) == len(set(ids)) == 60


def test_without_the_lock_two_workers_take_the_same(northwind: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin of the test above: it must go wrong without row locks, or the race is none."""
    endpoint = listen(northwind, "customer.met")
    meet(*range(1, 11))
    unlocked = sql.CLAIM.replace("FOR UPDATE SKIP LOCKED", "").replace(
        "FROM due, webhooks_event", "FROM due, pg_sleep(0.5), webhooks_event"
    )
    monkeypatch.setattr(sql, "CLAIM", unlocked)

    def take(_: int) -> list[int]:
        with organization_scope(northwind):
            taken = open_round(endpoint.pk, organization=northwind)
        return [message.delivery_id for message in taken.messages] if taken else []

    first, second = race([[0], [1]], take)
    assert set(first) & set(second)


def test_jobs_of_one_endpoint_run_one_at_a_time(northwind: Organization) -> None:
    at_work, most = 0, 0
    guard = threading.Lock()

    def answer(_request: Received, _handler: BaseHTTPRequestHandler) -> int:
        nonlocal at_work, most
        with guard:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.02)
        with guard:
            at_work -= 1
        return 200

    with receiving(Receiver(answer)) as receiver:
        listen(northwind, "customer.met", url=receiver.url)
        for customer in range(1, 41):
            meet(customer)
        work_jobs(concurrency=1, until_empty=True)
    assert len(receiver.uids) == len(set(receiver.uids)) == 40
    assert most <= 10


@pytest.mark.parametrize(("fault", "sent"), [("webhook.claimed", 1), ("webhook.sent", 2)])
def test_a_worker_that_is_killed_loses_nothing(
    northwind: Organization, fault: str, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        listen(northwind, "customer.met", url=receiver.url)
        meet(7)
        process = start_python("-c", WORKER, "worker", "--until-empty", fault=fault)
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        assert states() == ["PENDING"]
        # As if a minute had passed: the worker is dead, and its lease is over.
        silence_workers()
        Delivery.objects.update(next_at=clock.now())
        work_jobs(concurrency=1, until_empty=True)
    assert states() == ["DELIVERED"]
    # At least once: what was sent before the kill comes again, with the same id.
    assert len(receiver.uids) == sent
    assert len(set(receiver.uids)) == 1


def test_secrets_are_rotated_without_loss(northwind: Organization) -> None:
    by = command_actor("x", northwind)
    with receiving() as receiver:
        endpoint = listen(northwind, "customer.met", url=receiver.url)
        (old,) = signing_keys(endpoint)
        meet(1)
        serve(endpoint)
        with transaction.atomic():
            new = add_secret(endpoint, by=by)
        meet(2)
        serve(endpoint)
        with transaction.atomic():
            assert retire_old_secrets(endpoint, by=by) == 1
        meet(3)
        serve(endpoint)
    accepted = [(request.is_signed_by(old), request.is_signed_by(new)) for request in receiver.requests]
    assert accepted == [(True, False), (True, True), (False, True)]


def test_without_a_readable_secret_nothing_is_sent(northwind: Organization, settings: Settings) -> None:
    with receiving() as receiver:
        endpoint = listen(northwind, "customer.met", url=receiver.url)
        meet(1)
        settings.SECRET_KEY = "another key"
        serve(endpoint)
    assert receiver.requests == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error) == ("PENDING", "no secret")


def test_what_is_left_after_the_turn_gets_another_job(northwind: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TURN", 0.0)
    with receiving() as receiver:
        endpoint = listen(northwind, "customer.met", url=receiver.url)
        meet(*range(1, 16))
        ProcrastinateJob.objects.all().update(status="succeeded")
        serve(endpoint)
        assert len(receiver.requests) == 10
        assert queued_endpoints() == [endpoint.pk]
        serve(endpoint)
    assert len(receiver.requests) == 15


def test_an_unexpected_end_of_a_receiver_is_tried_again(northwind: Organization) -> None:
    answers: list[Callable[[BaseHTTPRequestHandler], int | None]] = []

    def answer(_request: Received, handler: BaseHTTPRequestHandler) -> int | None:
        return answers.pop(0)(handler) if answers else 200

    def slam(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    answers.append(slam)
    with receiving(Receiver(answer)) as receiver:
        endpoint = listen(northwind, "customer.met", url=receiver.url)
        meet(1)
        serve(endpoint)
        assert states() == ["PENDING"]
        Delivery.objects.update(next_at=clock.now())
        endpoint.health.delete()
        serve(endpoint)
    assert states() == ["DELIVERED"]


def test_an_endpoint_of_no_organization_s_scope_is_left(northwind: Organization) -> None:
    other = OrganizationFactory(code="bazaar")
    with receiving() as receiver:
        endpoint = listen(northwind, "customer.met", url=receiver.url)
        DeliveryFactory(endpoint=endpoint)
        run_serving(endpoint.pk, other.code)
    assert receiver.requests == []
