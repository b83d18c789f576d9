"""A form sent by many at the same moment counts once; the twin removes the constraint below, and goes wrong."""

from collections.abc import Callable, Iterator
from threading import Barrier

import pytest
from django.db import connection, transaction

from organizations.locations.models import Till
from organizations.submissions.models import Submission
from organizations.submissions.services import submit_once
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.locations import TillFactory, till_actor
from tests.races import race

pytestmark = [pytest.mark.django_db(transaction=True)]
WORKERS = 4


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        made: Till = TillFactory()
    return made


@pytest.fixture
def without_constraint(transactional_db: None) -> Iterator[None]:
    name = "submission_counts_once"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE organizations_submission DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            f"TRUNCATE organizations_submission; ALTER TABLE organizations_submission ADD CONSTRAINT {name}"
            " UNIQUE (organization_id, action, subject, after)"
        )


def send_at_once(till: Till, do: Callable[[], str]) -> list[bool]:
    """Whether each of the workers was a repetition."""

    def send(_number: int) -> bool:
        with organization_scope(till.organization_id):
            return submit_once(0, action="greet", subject=7, by=till_actor(till), do=do).is_repeated

    return race([[number] for number in range(WORKERS)], send)


def count(till: Till) -> int:
    with organization_scope(till.organization_id), transaction.atomic():
        return Submission.objects.count()


def test_a_form_sent_by_many_at_once_counts_once(till: Till) -> None:
    assert sorted(send_at_once(till, lambda: "once.")) == [False, True, True, True]
    assert count(till) == 1


def test_twin_a_form_without_the_constraint_counts_more_than_once(till: Till, without_constraint: None) -> None:
    all_at_work = Barrier(WORKERS)

    def do() -> str:
        all_at_work.wait(timeout=60)
        return "once."

    assert send_at_once(till, do) == [False] * WORKERS
    assert count(till) == WORKERS
