"""Command that serves the application with granian."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from loyalty_project.command_options import COUNT, WholeNumber
from loyalty_project.serving import Address, AddressUnusableError, check_address, granian_command, usual_workers
from loyalty_project.static_files import collect_static_files


def add_address_arguments(parser: CommandParser) -> None:
    """Add --host and --port, the same for every command that serves."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine only)")
    parser.add_argument("--port", type=WholeNumber(1, 65_535), default=8000)


class Command(BaseCommand):
    """`manage.py serve`."""

    help = (
        "Serve the API, the back office and its static files with granian, in the foreground. SIGTERM and Ctrl-C end it once"
        " open requests are answered; SIGHUP replaces the workers, one after the other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address and the numbers of processes and threads."""
        add_address_arguments(parser)
        parser.add_argument("--workers", type=COUNT, default=usual_workers(), help="processes (default: %(default)s)")
        parser.add_argument(
            "--threads",
            type=COUNT,
            default=settings.SERVER_THREADS,
            help="threads of each worker, each with a database connection (default: %(default)s)",
        )

    def handle(self, *, host: str, port: int, workers: int, threads: int, **_options: Any) -> None:
        """Replace this process by granian. Raises CommandError if it cannot listen at the address."""
        address = Address(host, port)
        try:
            check_address(address)
        except AddressUnusableError as error:
            raise CommandError(str(error)) from error
        collect_static_files()
        os.environ["SERVER_THREADS"] = str(threads)
        command = granian_command(address, workers=workers)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted; signals reach granian itself
