"""A dry run leaves nothing behind, and lets go of its rows as soon as a till waits for one.

The twin without the watch shows that the tests can fail.
"""

import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest
from django.db import OperationalError, connection, transaction

from loyalty_project.db import waiters
from loyalty_project.db.locks import lock
from organizations.imports.dry_runs import dry_run
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.factories.organizations import OrganizationFactory
from tests.races import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 5.0


@pytest.fixture
def northwind() -> Iterator[Organization]:
    with unscoped("tests make their rows"):
        yield OrganizationFactory(code="northwind", name="Northwind")


class Trial:
    """Batches of a dry run that rename the organization; `begun` is set when the first one has."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.begun = Event()
        self.then = then
        self.names: list[str] = []

    def batch(self, name: str) -> Callable[[], str]:
        """Work that finds the name of the row, and gives it another one."""

        def work() -> str:
            organization = lock(Organization.objects.filter(code="northwind")).get()
            found, organization.name = organization.name, name
            organization.save()
            self.names.append(found)
            if not self.begun.is_set():
                self.begun.set()
                self.then()
            return found

        return work


def renaming(trial: Trial, patience: str = "3s") -> Callable[[], str]:
    """A till that waits for the row, no longer than `patience`."""

    def work() -> str:
        assert trial.begun.wait(PATIENCE)
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
                Organization.objects.filter(code="northwind").update(currency="INR")
        except OperationalError:
            return "busy"
        return "done"

    return work


def name_and_currency() -> tuple[str, str]:
    return Organization.objects.values_list("name", "currency").get()


def test_batches_see_earlier_ones_and_leave_nothing(northwind: Organization) -> None:
    trial, let_go = Trial(), Event()
    with dry_run(on_letting_go=let_go.set) as run:
        assert [run.work(trial.batch(name)) for name in ("First", "Second", "Third")] == ["Northwind", "First", "Second"]
    assert (name_and_currency()[0], let_go.is_set()) == ("Northwind", False)


def in_a_statement() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")


def between_statements() -> None:
    time.sleep(1)


@pytest.mark.parametrize("then", [in_a_statement, between_statements])
def test_a_till_that_waits_makes_the_dry_run_let_go(northwind: Organization, then: Callable[[], None]) -> None:
    trial, let_go = Trial(then), Event()
    with dry_run(on_letting_go=let_go.set) as run, meanwhile(renaming(trial)) as till:
        begun = time.monotonic()
        # The batch is worked again, and the next one does not see it.
        assert [run.work(trial.batch(name)) for name in ("First", "Second")] == ["Northwind", "Northwind"]
        assert till.result() == "done"
        assert time.monotonic() - begun < PATIENCE - 1
    assert let_go.is_set()
    assert trial.names == ["Northwind"] * 3
    assert name_and_currency() == ("Northwind", "INR")


def test_a_till_does_not_wait_for_slow_input(northwind: Organization) -> None:
    trial = Trial()
    with dry_run(on_letting_go=lambda: None) as run, meanwhile(renaming(trial)) as till:
        run.work(trial.batch("First"))
        assert till.result(timeout=PATIENCE) == "done"  # before the next batch has been read
        assert run.work(trial.batch("Second")) == "Northwind"
    assert name_and_currency() == ("Northwind", "INR")


def test_twin_without_the_watch_makes_the_till_give_up(northwind: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiters.LockWatch, "_watch", lambda watch: None)
    trial = Trial()
    with dry_run(on_letting_go=lambda: None) as run, meanwhile(renaming(trial, "700ms")) as till:
        run.work(trial.batch("First"))
        assert till.result(timeout=PATIENCE) == "busy"


def test_after_letting_go_each_batch_is_rolled_back_by_itself(northwind: Organization) -> None:
    trial = Trial(between_statements)
    with dry_run(on_letting_go=lambda: None) as run:
        with meanwhile(renaming(trial)) as till:
            run.work(trial.batch("First"))
            till.result()
        run.work(trial.batch("Second"))
        assert renaming(trial, "700ms")() == "done"


def test_a_failure_that_no_till_caused_is_raised(northwind: Organization) -> None:
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    with pytest.raises(Exception, match="division by zero"), dry_run(on_letting_go=lambda: None) as run:
        run.work(fail)
    assert name_and_currency()[0] == "Northwind"
