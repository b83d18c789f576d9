"""Four imports bring one interaction, and one note, at the same moment: each is stored once.

The twins show that the tests can fail: without the customers' lock the unique constraint refuses all but one interaction, and a
note, which has no constraint, is stored several times; without the constraint the lock suffices.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from customers.profile import locks
from customers.profile.models import Customer
from engagement.interactions import imports as interactions
from engagement.interactions.imports import FileRow
from engagement.interactions.models import Interaction
from engagement.notes import imports as notes
from engagement.notes.imports import NoteRow
from engagement.notes.models import Note
from loyalty_project.db.errors import constraint_name
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.bills import at
from tests.factories.chains import Chain, member, open_chain
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 4
TIME = at("2026-01-05 10:00:00")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def chain(transactional_db: None) -> Chain:
    return open_chain()


@pytest.fixture
def asha(chain: Chain) -> Customer:
    with organization_scope(chain.organization), transaction.atomic():
        return member(chain, 0).customer


def at_once(chain: Chain, work: Callable[[], Iterable[object]]) -> Counter[str]:
    """How often each status came if every worker does the work at the same moment; the name of a broken constraint."""

    def worker(_: int) -> str:
        with organization_scope(chain.organization):
            try:
                with transaction.atomic():
                    (status,) = work()
            except IntegrityError as error:
                return constraint_name(error) or ""
            return str(status)

    return Counter(race([[0] for _ in range(WORKERS)], worker))


def bring_interaction(chain: Chain, asha: Customer) -> Counter[str]:
    row = FileRow(
        customer_id=asha.pk, network="capillary", type="sms", occurred_at=TIME, sender="SHOP", receiver="x", details={}
    )
    return at_once(chain, partial(interactions.import_interactions, [row], by=chain.blr))


def bring_note(chain: Chain, asha: Customer) -> Counter[str]:
    row = NoteRow(customer_id=asha.pk, description="Likes tea", noted_at=TIME, associate_id="")
    return at_once(chain, partial(notes.import_notes, [row], by=chain.blr))


def count(chain: Chain, model: Any) -> int:
    with organization_scope(chain.organization):
        stored: int = model.objects.count()
        return stored


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, locks)


@contextmanager
def without_constraint() -> Iterator[None]:
    columns = "(organization_id, customer_id, network, type, occurred_at, sender, receiver)"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_interaction DROP CONSTRAINT interaction_unique")
    try:
        yield
    finally:
        with unscoped("the constraint needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE engagement_interaction")
            cursor.execute(f"ALTER TABLE engagement_interaction ADD CONSTRAINT interaction_unique UNIQUE {columns}")


def test_an_interaction_is_brought_once(chain: Chain, asha: Customer) -> None:
    assert bring_interaction(chain, asha) == {"created": 1, "unchanged": WORKERS - 1}
    assert count(chain, Interaction) == 1


def test_twin_without_locks_brings_it_once_by_the_constraint(
    chain: Chain, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    with all_read_before(interactions, "insert_rows", workers=WORKERS):
        assert bring_interaction(chain, asha) == {"created": 1, "interaction_unique": WORKERS - 1}
    assert count(chain, Interaction) == 1


def test_twin_without_the_constraint_brings_it_once_by_the_lock(chain: Chain, asha: Customer) -> None:
    with without_constraint():
        assert bring_interaction(chain, asha) == {"created": 1, "unchanged": WORKERS - 1}
        assert count(chain, Interaction) == 1


def test_a_note_is_brought_once(chain: Chain, asha: Customer) -> None:
    assert bring_note(chain, asha) == {"created": 1, "unchanged": WORKERS - 1}
    assert count(chain, Note) == 1


def test_twin_without_locks_brings_a_note_several_times(chain: Chain, asha: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks(monkeypatch)
    with all_read_before(notes, "insert_rows", workers=WORKERS):
        assert bring_note(chain, asha) == {"created": WORKERS}
    assert count(chain, Note) == WORKERS
