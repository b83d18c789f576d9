"""The server is killed at every step of a registration; the till sends the same call again.

Nobody is there twice, nothing is lost, and the till gets the answer that it would have got the first time.
"""

import os

import pytest

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from loyalty_project.faults import Point
from organizations.audit.models import AuditEntry
from organizations.idempotency.models import KeptAnswer
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.api import Answer, Api
from tests.factories.locations import TillFactory
from tests.killing import die_and_retry
from tests.races import race

FULL = os.environ.get("REGULARS_PROOFS") == "full"
WORKERS = 8
# What was done before the death stays from the commit on.
KEPT = {Point.AFTER_COMMIT, Point.BEFORE_ANSWER}
OF_EVERY_CALL = [point for point in Point if point.startswith(("item.", "call."))]
# Each costs two starts of a server.
POINTS = OF_EVERY_CALL if FULL else [Point.AFTER_EFFECT, Point.AFTER_COMMIT]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code="northwind", code="mgroad.till1")


def rows(till: Till) -> dict[str, int]:
    with organization_scope(till.organization):
        models = (Customer, Identifier, AuditEntry, KeptAnswer)
        return {model.__name__: model.objects.count() for model in models}


@pytest.mark.parametrize("point", POINTS)
def test_a_retry_after_a_kill_finds_everything_done_once(till: Till, point: Point) -> None:
    answer = die_and_retry(till, point, lambda api: api.add(mobile="9812345678", firstname="Mina", key="bill-1"))
    assert (answer.status["code"], answer.code, answer.message) == (200, "1000", "Customer registration successful")
    assert answer.is_replayed is (point in KEPT)
    assert rows(till) == {"Customer": 1, "Identifier": 1, "AuditEntry": 1, "KeptAnswer": 1}


def test_a_batch_that_was_cut_off_is_finished(till: Till) -> None:
    people = [{"mobile": str(9812345670 + number)} for number in range(3)]
    answer = die_and_retry(till, f"{Point.AFTER_EFFECT}:2", lambda api: api.add(*people, key="batch"))
    assert {item["item_status"]["message"] for item in answer.items} == {"Customer registration successful"}
    assert not answer.is_replayed
    assert rows(till) == {"Customer": 3, "Identifier": 3, "AuditEntry": 3, "KeptAnswer": 3}


def test_eight_calls_at_once_register_one_customer_and_are_answered_alike(till: Till) -> None:
    def call(number: int) -> Answer:
        return Api(till).add(mobile=str(9812345670 + number), key=f"bill-{number}")

    people = 50 if FULL else 5
    answers = race([list(range(people))] * WORKERS, call)
    for number in range(people):
        alike = answers[number::people]
        assert len({answer.http.content for answer in alike}) == 1
        assert (alike[0].message, sum(answer.is_replayed for answer in alike)) == (
            "Customer registration successful",
            WORKERS - 1,
        )
    assert rows(till) == {"Customer": people, "Identifier": people, "AuditEntry": people, "KeptAnswer": people}
