"""Command that runs deferred jobs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from procrastinate.exceptions import ConnectorException

from loyalty_project.command_options import COUNT
from loyalty_project.logs import describe_error
from loyalty_project.worker import WorkerEndedError, work_jobs


class Command(BaseCommand):
    """`manage.py worker`."""

    help = (
        "Run the jobs that calls and commands deferred, in the foreground. SIGTERM and Ctrl-C end it once the running jobs are"
        " done. Any number of workers may run, on any number of machines. Exit status 1: an error, with its reason."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the number of jobs at a time, or the end without due jobs."""
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--concurrency",
            type=COUNT,
            default=1,
            help="jobs at a time, each with a database connection (default: %(default)s)",
        )
        how.add_argument(
            "--until-empty", action="store_true", help="run the jobs that are due, one after the other, and end: for cron"
        )

    def handle(self, *, concurrency: int, until_empty: bool, **_options: Any) -> None:
        """Run jobs until a signal. Raises CommandError if it has to end before."""
        try:
            work_jobs(concurrency=concurrency, until_empty=until_empty)
        except WorkerEndedError as error:
            raise CommandError(str(error)) from error
        except ConnectorException as error:
            raise CommandError(f"The worker has lost the database: {describe_error(error.__cause__ or error)}") from error
