"""Eight calls use one key at the same moment: what they ask for is done once, and all are answered alike.

The twin shows that the test can fail: without the constraint on kept answers everybody does it.
"""

import os
from collections import Counter

import pytest
from django.db import connection

from loyalty_project.api.batch import run_batch
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.json_text import to_json
from loyalty_project.protocol.outcomes import Done
from loyalty_project.protocol.values import Item
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.idempotency.services import KeyedCall, open_keyed_call
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.locations import TillFactory, till_actor
from tests.races import all_read_before, race

WORKERS = 8
KEYS = 500 if os.environ.get("REGULARS_PROOFS") == "full" else 20

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code="northwind")


def count_at_once(till: Till, *, keys: int = KEYS) -> list[set[bytes]]:
    """The different answers under each key if every worker uses every key to add an audit entry."""
    by = till_actor(till)

    def count(_item: Item) -> Done:
        record_changes([Change(action="counted", object_type="till", object_id=till.pk)], by=by)
        last = AuditEntry.objects.first()
        return Done(body={"entry": last.pk if last else None}, message="Counted")

    def call(key: str) -> bytes:
        with organization_scope(till.organization):
            once = open_keyed_call(key, action="test/count", content="", by=by)
            (outcome,) = run_batch([{}], count, echo=lambda _: {}, fallback=Code.ADD_FAILED, constraints={}, once=once)
        return to_json(outcome.body)

    answers = race([[f"key-{number}" for number in range(keys)] for _ in range(WORKERS)], call)
    return [set(answers[number::keys]) for number in range(keys)]


def counted(till: Till) -> int:
    with organization_scope(till.organization):
        return AuditEntry.objects.count()


def test_a_key_counts_once_and_all_are_answered_alike(till: Till) -> None:
    answers = count_at_once(till)
    assert [len(different) for different in answers] == [1] * KEYS
    assert counted(till) == KEYS


def test_twin_without_the_constraint_counts_every_call(till: Till) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE organizations_keptanswer DROP CONSTRAINT kept_answer_unique")
    try:
        with all_read_before(KeyedCall, "keep", workers=WORKERS):
            (answers,) = count_at_once(till, keys=1)
        assert len(answers) == counted(till) == WORKERS
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE organizations_keptanswer")
            cursor.execute(
                "ALTER TABLE organizations_keptanswer "
                "ADD CONSTRAINT kept_answer_unique UNIQUE (organization_id, key_id, position)"
            )


def test_of_calls_with_different_content_exactly_one_goes_on(till: Till) -> None:
    by = till_actor(till)

    def call(job: tuple[str, str]) -> str:
        key, content = job
        try:
            with organization_scope(till.organization):
                open_keyed_call(key, action="test/count", content=content, by=by)
        except RequestRefusedError as error:
            return str(error.http_status)
        return "goes on"

    outcomes = Counter(race([[(f"key-{number}", str(lane)) for number in range(KEYS)] for lane in range(WORKERS)], call))
    assert outcomes == {"goes on": KEYS, "422": KEYS * (WORKERS - 1)}
