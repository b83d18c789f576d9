"""A note that is written while the import of its customer is undone: the undoing waits for it, finds it, and does nothing.

The twin, without the locks of customers, empties the customer, and the note that it has not seen is lost.
"""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from django.db import transaction

import use_cases.undoing_imports as module
from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from engagement.notes.models import Note
from organizations.audit.actors import command_actor
from organizations.imports.models import ImportRun
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.notes import NoteFactory
from tests.factories.program_files import club, loaded
from tests.imports import run_import, write_lines
from tests.races import meanwhile
from use_cases.undoing_imports import UndoRefusedError, undo_import

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20.0


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(club(), base_country="IN")
    with organization_scope(organization):
        yield organization


@pytest.fixture
def run(northwind: Organization, tmp_path: Path) -> ImportRun:
    assert run_import("import_customers", write_lines(tmp_path / "file.csv", "mobile", "9812300201")).status == 0
    return ImportRun.objects.get()


def undo_beside_a_note(run: ImportRun, monkeypatch: pytest.MonkeyPatch) -> str:
    """What becomes of undoing the import while a note is written: it is committed once the undoing has come to its plan."""
    written, may_commit = Event(), Event()
    organization = run.organization
    plan = module.plan_undo

    def write() -> None:
        with organization_scope(organization), transaction.atomic():
            customer = lock_customer(Customer.objects.get().pk)
            NoteFactory(customer=customer)
            written.set()
            # With the lock the undoing never comes to its plan: it waits for this transaction.
            may_commit.wait(1)

    def plan_and_release(*args, **kwargs):
        planned = plan(*args, **kwargs)
        may_commit.set()
        return planned

    monkeypatch.setattr(module, "plan_undo", plan_and_release)
    with meanwhile(write) as note:
        assert written.wait(PATIENCE)
        try:
            undo_import(run.pk, reason="The wrong file", by=command_actor("undo", organization))
        except UndoRefusedError:
            return "refused"
        finally:
            note.result(PATIENCE)
    return "undone"


def test_a_note_that_came_first_stands_in_the_way(run: ImportRun, monkeypatch: pytest.MonkeyPatch) -> None:
    assert undo_beside_a_note(run, monkeypatch) == "refused"
    assert (Customer.objects.get().erased_at, Note.objects.count()) == (None, 1)


def test_twin_without_locks_loses_the_note(run: ImportRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "lock_customers", lambda records, **_: None)
    assert undo_beside_a_note(run, monkeypatch) == "undone"
    assert (Customer.objects.get().erased_at is None, Note.objects.count()) == (False, 0)
