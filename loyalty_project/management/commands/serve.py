"""Command that serves the application with granian."""

import os
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from loyalty_project.serving import Address, AddressUnusableError, check_address, granian_command, usual_workers


def add_address_arguments(parser: CommandParser) -> None:
    """Add --host and --port, the same for every command that serves."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine only)")
    parser.add_argument("--port", type=port, default=8000)


def port(text: str) -> int:
    """A TCP port. Raises ValueError or ArgumentTypeError for other texts; 0 would be a random port."""
    number = int(text)
    if not 1 <= number <= 65_535:
        raise ArgumentTypeError("must be from 1 to 65535")
    return number


def count(text: str) -> int:
    """A number of processes or threads. Raises ValueError or ArgumentTypeError if it is less than one."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be 1 or more")
    return number


class Command(BaseCommand):
    """`manage.py serve`."""

    help = (
        "Serve the API, the back office and its static files with granian, in the foreground. SIGTERM and Ctrl-C end it once"
        " open requests are answered; SIGHUP replaces the workers, one after the other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address and the numbers of processes and threads."""
        add_address_arguments(parser)
        parser.add_argument("--workers", type=count, default=usual_workers(), help="processes (default: %(default)s)")
        parser.add_argument(
            "--threads",
            type=count,
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
        os.environ["SERVER_THREADS"] = str(threads)
        command = granian_command(address, workers=workers)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted; signals reach granian itself
