"""How are jobs worked? `manage.py worker`, beside the servers."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from procrastinate.exceptions import ConnectorException

from loyalty_project.logs import without_values
from loyalty_project.management.commands.serve import count
from loyalty_project.worker import WorkerEndedError, work_jobs


class Command(BaseCommand):
    """`manage.py worker`."""

    help = (
        "Works the jobs that calls and commands put off, in the foreground. SIGTERM and Ctrl-C end it once the jobs at work are"
        " done. Any number of workers may run, on any number of machines. Exit status 1: it cannot go on, and why."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Reads how many at once, or whether it ends by itself."""
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--concurrency", type=count, default=1, help="jobs at a time; each holds a database connection (%(default)s)"
        )
        how.add_argument(
            "--until-empty", action="store_true", help="work what is due, one job after the other, and end: for cron"
        )

    def handle(self, *, concurrency: int, until_empty: bool, **_options: Any) -> None:
        """Works until it is told to stop. Raises CommandError when it has to end before."""
        try:
            work_jobs(concurrency=concurrency, until_empty=until_empty)
        except WorkerEndedError as error:
            raise CommandError(str(error)) from error
        except ConnectorException as error:
            raise CommandError(f"The worker has lost the database: {without_values(str(error.__cause__))}") from error
