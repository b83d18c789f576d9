"""A dry run beside tills: it counts as a real run does, and no till waits for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from customers.profile.models import Customer
from organizations.imports import progress
from organizations.imports.models import ImportRun, RejectedRow
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import register
from tests.factories.locations import TillFactory
from tests.factories.organizations import OrganizationFactory
from tests.imports import rejects, run_import, write_lines
from tests.races import on_another_connection

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = ("mobile,firstname", "12ab,Nobody", "9812345671,Asha", "9812345672,Usha", "9812345672,Usha", "9812345671,Asha")
LET_GO = "Another session waited for this dry run"


@pytest.fixture
def till(transactional_db: None) -> Iterator[Till]:
    with unscoped("tests make their rows"):
        till = TillFactory(store__organization=OrganizationFactory(code="northwind", with_program=True))
    with organization_scope(till.organization):
        yield till


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "customers.csv", *ROWS)


def after_batch(monkeypatch: pytest.MonkeyPatch, number: int, work: Callable[[], object]) -> None:
    """Run `work` when the dry run has worked so many batches, and holds their rows."""
    batches: list[object] = []
    plain = progress.work_batch

    def work_batch(*args: object, **kwargs: object) -> object:
        results = plain(*args, **kwargs)  # type: ignore[arg-type]  # as the caller has them
        batches.append(results)
        if len(batches) == number:
            on_another_connection(work)
        return results

    monkeypatch.setattr(progress, "work_batch", work_batch)


def test_a_dry_run_sees_rows_of_earlier_batches_and_stores_nothing(till: Till, path: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors.csv"
    outcome = run_import("import_customers", path, "--dry-run", "--batch-size", "1", "--errors", str(errors))
    assert (outcome.counts, LET_GO in outcome.err) == ((2, 0, 2, 1), False)
    assert [row["mobile"] for row in rejects(errors)] == ["12ab"]
    assert [model.objects.count() for model in (Customer, ImportRun, RejectedRow)] == [0, 0, 0]
    assert run_import("import_customers", path, "--batch-size", "1").counts == outcome.counts


def test_a_till_goes_before_a_dry_run(till: Till, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def register_asha() -> None:
        with organization_scope(till.organization):
            register(till, mobile="9812345671", firstname="Asha")

    after_batch(monkeypatch, 2, register_asha)
    errors = tmp_path / "errors.csv"
    outcome = run_import("import_customers", path, "--dry-run", "--batch-size", "1", "--errors", str(errors))
    # The first row of Usha is new, and so is the second one, which is tried by itself. Asha's rows find what the till stored.
    assert (outcome.counts, outcome.err.count(LET_GO)) == ((2, 0, 2, 1), 1)
    assert [row["mobile"] for row in rejects(errors)] == ["12ab"]
    assert list(Customer.objects.values_list("firstname", flat=True)) == ["Asha"]
    assert not ImportRun.objects.exists()


def test_a_dry_run_of_an_unfinished_import_goes_on_behind_it(till: Till, path: Path, tmp_path: Path) -> None:
    run_import("import_customers", path, "--batch-size", "1")
    run = ImportRun.objects.get()
    ImportRun.objects.filter(pk=run.pk).update(finished_at=None)
    outcome = run_import("import_customers", path, "--dry-run", "--batch-size", "1")
    assert (outcome.counts, "Continuing the import" in outcome.err) == ((2, 0, 2, 1), True)
    assert ImportRun.objects.get().finished_at is None
