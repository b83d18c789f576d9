"""Base of all import commands: options, exit statuses, and the processing of a file in batches (docs/imports.md)."""

import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from loyalty_project.command_options import COUNT
from loyalty_project.db.errors import database_failure
from loyalty_project.db.statistics import analyze_outdated_tables
from loyalty_project.imports.batches import Worker, may_succeed_later
from loyalty_project.imports.columns import ColumnsError, Header
from loyalty_project.imports.progress import progress_bar
from loyalty_project.imports.reading import RowReader
from loyalty_project.imports.rejects import check_rejects_path, write_rejects
from loyalty_project.imports.results import Tally, kinds_of
from loyalty_project.imports.sources import Source, UnreadableFileError, open_source
from organizations.audit.actors import Actor, command_actor
from organizations.imports.dry_runs import dry_run
from organizations.imports.progress import RehearsedProgress, RunProgress, StoredProgress
from organizations.imports.runs import RunKey, find_run, open_run
from organizations.imports.working import BATCH_SIZE, hold_import, open_columns, rows_of_a_batch, work_rows
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

SOME_REJECTED = 1
NOTHING_IMPORTED = 2
INTERRUPTED = 130


class ImportCommand(BaseCommand):
    """A command that imports one kind of file. Subclasses define the columns and process the rows."""

    name: ClassVar[str]
    # What the file brings, for staff who choose it in the back office.
    about: ClassVar[str]
    # True if rows give or take points, coupons, tiers or rewards: staff need a permission of their own for such files.
    moves_points: ClassVar[bool] = True

    @abstractmethod
    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:
        """The worker for rows of a file with these columns. Called in the organization's scope, before the first row.

        Raises `ColumnsError`.
        """

    def options_that_matter(self, options: Mapping[str, Any]) -> str:  # noqa: ARG002 - the base has none
        """Options that make the import of the same file a different import."""
        return ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of every import."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose records these are")
        parser.add_argument("file", help="CSV in UTF-8, also as .gz; - is standard input")
        parser.add_argument("--dry-run", action="store_true", help="work the whole file, then take everything back")
        parser.add_argument("--errors", type=Path, metavar="FILE", help="write the rejected rows here, as CSV")
        parser.add_argument(
            "--batch-size", type=COUNT, default=BATCH_SIZE, metavar="N", help="rows in one transaction (%(default)s)"
        )
        parser.add_argument(
            "--resume", action="store_true", help="continue an unfinished run; this happens without the option too"
        )
        parser.add_argument("--no-progress", action="store_true", help="no progress bar")

    def handle(self, *_args: object, **options: Any) -> None:
        """Import the file. Ends with status 1 if rows were rejected; raises `CommandError` (2) if nothing was imported."""
        try:
            tally = self._import(options)
        except (UnreadableFileError, ColumnsError) as error:
            _fail(str(error))
        except Error as error:
            _fail(database_failure(error) or f"{_trouble(error)} Start the import again to continue it.")
        except KeyboardInterrupt:
            _fail("Stopped. Start the import again to continue it.", INTERRUPTED)
        for line in (*kinds_of("Warning", tally.warnings), *kinds_of("Error", tally.errors)):
            self.stderr.write(line)
        if tally.rejected and not options["errors"]:
            self.stderr.write("With --errors FILE, the rejected rows are written there, each with a sentence on what is wrong.")
        self.stdout.write(str(tally))
        if tally.rejected:
            sys.exit(SOME_REJECTED)

    def _import(self, options: Mapping[str, Any]) -> Tally:
        organization = Organization.objects.filter(code=options["organization"]).first()
        if organization is None:
            _fail(f"There is no organization {options['organization']}.")
        if options["errors"]:
            _check_errors_path(options["errors"])
        with organization_scope(organization), open_source(options["file"]) as source:
            if options["resume"] and not source.sha256:
                _fail(f"{source.name} cannot be continued: it can be read only once.")
            reader = RowReader(source.stream)
            by = command_actor(self.name, organization)
            header, worker = open_columns(reader, lambda columns: self.open_worker(columns, by=by, options=options))
            key = RunKey(
                organization=organization,
                command=self.name,
                sha256=source.sha256,
                options=self.options_that_matter(options),
            )
            start = reader.position
            if options["dry_run"]:
                with dry_run(on_letting_go=self._say_that_it_let_go) as trial:
                    rehearsed = RehearsedProgress(find_run(key), start=start, dry_run=trial)
                    return self._work(rehearsed, source, reader, header, worker, options)
            with hold_import(key) as is_held:
                if not is_held:
                    _fail("Another process is importing this file at this moment. Nothing was done.")
                stored = StoredProgress(open_run(key, source.name, start, by=by), start=start)
                tally = self._work(stored, source, reader, header, worker, options)
                # What comes next, such as an export, is planned for the rows that are there now.
                analyze_outdated_tables()
                return tally

    def _work(
        self,
        progress: RunProgress,
        source: Source,
        reader: RowReader,
        header: Header,
        worker: Worker,
        options: Mapping[str, Any],
    ) -> Tally:
        if progress.position != reader.position:
            begun = f"{progress.started_at:%Y-%m-%d %H:%M:%S}"
            self.stderr.write(f"Continuing the import of {begun} UTC behind line {progress.position.lines}.")
        with progress_bar(source.size, wanted=not options["no_progress"]) as report:
            work_rows(progress, reader, header, worker, report=report, batch_size=self._rows_of_a_batch(options))
        if options["errors"]:
            try:
                write_rejects(options["errors"], header.columns, progress.rejects())
            except OSError as error:
                # The run stays unfinished, so that nothing is lost.
                _fail(f"All rows are worked, but not the error file: {error}. Start the import again to have it written.")
        progress.finish()
        return progress.tally

    def _rows_of_a_batch(self, options: Mapping[str, Any]) -> int:
        """`--batch-size`, but no more than the server's lock table allows."""
        wanted: int = options["batch_size"]
        size = rows_of_a_batch(wanted)
        if size < wanted and wanted != BATCH_SIZE:
            self.stderr.write(f"Batches have {size} rows: the database cannot lock the values of more at once.")
        return size

    def _say_that_it_let_go(self) -> None:
        self.stderr.write(
            "Another session waited for this dry run, which has let go of its rows. From here on each batch is tried by "
            "itself: rows that repeat those of earlier batches may be counted as new."
        )


def _check_errors_path(path: Path) -> None:
    try:
        check_rejects_path(path)
    except OSError as error:
        _fail(f"The error file cannot be written: {error}.")


def _trouble(error: Error) -> str:
    reason = "another process holds the same records" if may_succeed_later(error) else str(error).strip()
    return f"The database cannot go on: {reason}."


def _fail(message: str, status: int = NOTHING_IMPORTED) -> NoReturn:
    raise CommandError(message, returncode=status)
