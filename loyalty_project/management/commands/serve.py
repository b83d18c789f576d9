"""How is the application served? `manage.py serve` becomes granian."""

import os
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loyalty_project.serving import THREADS, Address, AddressUnusableError, check_address, granian_command, usual_workers


def add_address_arguments(parser: CommandParser) -> None:
    """--host and --port, the same for every command that serves."""
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1: this machine only)")
    parser.add_argument("--port", type=port, default=8000)


def port(text: str) -> int:
    """The TCP port that `text` names. Raises what argparse expects for none (0 would be another one at every start)."""
    number = int(text)
    if not 1 <= number <= 65_535:
        raise ArgumentTypeError("must be from 1 to 65535")
    return number


def count(text: str) -> int:
    """A number of processes or threads. Raises what argparse expects for less than one."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be 1 or more")
    return number


class Command(BaseCommand):
    """`manage.py serve`."""

    help = (
        "Serves the API, the back office and its static files with granian, in the foreground. SIGTERM and Ctrl-C end it once"
        " the calls at work are answered; SIGHUP replaces the workers, one after the other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Reads where to listen and with how many."""
        add_address_arguments(parser)
        parser.add_argument("--workers", type=count, default=usual_workers(), help="processes (default: %(default)s)")
        parser.add_argument(
            "--threads", type=count, default=THREADS, help="of each worker; each holds a database connection (%(default)s)"
        )

    def handle(self, *, host: str, port: int, workers: int, threads: int, **_options: Any) -> None:
        """Turns this process into granian, and so never returns. Raises CommandError when it cannot listen there."""
        address = Address(host, port)
        try:
            check_address(address)
        except AddressUnusableError as error:
            raise CommandError(str(error)) from error
        command = granian_command(address, workers=workers, threads=threads)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted; signals reach granian itself
