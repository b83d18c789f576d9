"""Progress of a run: rows are worked batch by batch, with position, counts and rejected rows kept as the run needs them."""

import json
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple
from datetime import datetime

from loyalty_project import clock
from loyalty_project.imports.batches import Prepared, Worker, work_batch
from loyalty_project.imports.lines import Position
from loyalty_project.imports.rejects import Reject
from loyalty_project.imports.results import RowResult, Tally
from organizations.imports.dry_runs import DryRun
from organizations.imports.models import ImportRun
from organizations.imports.runs import finish_run, position_of, rejects_of, store_batch, tally_of

Results = Sequence[RowResult]
ToRejects = Callable[[Sequence[Prepared], Results], Sequence[Reject]]


class RunProgress(ABC):
    """A run that continues an unfinished one, or begins. `tally` has the results of the rows so far."""

    def __init__(self, run: ImportRun | None, *, start: Position) -> None:
        self.position = start if run is None else position_of(run)
        self.started_at: datetime = clock.now() if run is None else run.started_at
        self.tally = Tally() if run is None else tally_of(run)

    def work(self, batch: Sequence[Prepared], worker: Worker, to_rejects: ToRejects) -> None:
        """Work a batch and keep its results. Raises `django.db.Error` if the database fails."""
        results = self._work(batch, worker, to_rejects)
        self.tally = self._with(batch, results)

    def _with(self, batch: Sequence[Prepared], results: Results) -> Tally:
        return self.tally.plus((prepared.row.line, result) for prepared, result in zip(batch, results, strict=True))

    @abstractmethod
    def _work(self, batch: Sequence[Prepared], worker: Worker, to_rejects: ToRejects) -> Results: ...

    @abstractmethod
    def rejects(self) -> Iterable[Reject]:
        """All rejected rows, in the order of the file, read as a stream."""

    @abstractmethod
    def finish(self) -> None:
        """Close the run."""


class StoredProgress(RunProgress):
    """Progress of a real run, stored in the transaction of each batch."""

    def __init__(self, run: ImportRun, *, start: Position) -> None:
        super().__init__(run, start=start)
        self._run = run

    def _work(self, batch: Sequence[Prepared], worker: Worker, to_rejects: ToRejects) -> Results:
        def store(results: Results) -> None:
            tally, reached = self._with(batch, results), batch[-1].row.end
            created = [result.record_id for result in results if result.record_id is not None]
            store_batch(self._run, reached=reached, tally=tally, rejects=to_rejects(batch, results), created=created)

        if worker.prepare is not None:
            worker.prepare(len(batch))
        return work_batch(batch, worker, store=store)

    def rejects(self) -> Iterable[Reject]:
        return rejects_of(self._run)

    def finish(self) -> None:
        finish_run(self._run)


class RehearsedProgress(RunProgress):
    """Progress of a dry run, kept outside of the database: what the dry run writes there may be rolled back at any time."""

    def __init__(self, run: ImportRun | None, *, start: Position, dry_run: DryRun) -> None:
        super().__init__(run, start=start)
        self._dry_run = dry_run
        # As many rows as the file may be rejected; nobody else can read the file.
        self._kept = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - closed by `finish`
        self._keep(() if run is None else rejects_of(run))

    def _work(self, batch: Sequence[Prepared], worker: Worker, to_rejects: ToRejects) -> Results:
        results = self._dry_run.work(lambda: work_batch(batch, worker, store=lambda _: None))
        self._keep(to_rejects(batch, results))
        return results

    def _keep(self, rejects: Iterable[Reject]) -> None:
        # JSON in ASCII holds bytes that are not UTF-8 as well.
        self._kept.writelines(f"{json.dumps(astuple(reject))}\n" for reject in rejects)

    def rejects(self) -> Iterator[Reject]:
        self._kept.seek(0)
        return (Reject(*json.loads(line)) for line in self._kept)

    def finish(self) -> None:
        self._kept.close()
