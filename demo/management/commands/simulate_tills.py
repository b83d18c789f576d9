"""`manage.py simulate_tills`: a made-up trading day against a running server."""

import http.client
import secrets
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.organization import ORGANIZATION_FILE
from demo.tills.day import trade_and_check
from demo.tills.journal import Journal
from demo.tills.model import Books
from demo.tills.report import report, status_line
from demo.tills.shops import NoTillsError, read_shops
from demo.tills.trading import Day
from loyalty_project.command_options import COUNT, WholeNumber

_REWRITE = "\r\x1b[K"
# Lines that are not a terminal's come so much apart.
_LINE_SECONDS = 10.0


class Command(BaseCommand):
    """`manage.py simulate_tills`."""

    help = (
        "Lets tills trade with invented customers against a running server: registrations, bills, returns, points and coupons,"
        " with answers that get lost and calls that are sent again. Then it compares what the server shows with what the tills"
        " know, and fails if anything differs. It speaks HTTP only. What it does stays in the server's database."
    )
    # It needs no database.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="the server (default: %(default)s)")
        parser.add_argument("--tills", type=WholeNumber(1, 500), default=20, help="tills at once (default: %(default)s)")
        parser.add_argument("--minutes", type=_positive, default=5.0, help="length of the day (default: %(default)s)")
        parser.add_argument(
            "--pause", type=_seconds, default=0.3, help="mean seconds between a till's steps (default: %(default)s)"
        )
        parser.add_argument("--lose", type=WholeNumber(0), default=10, help="lose the answer of every Nth call; 0: of none")
        parser.add_argument("--seed", type=COUNT, help="decides what each till does (default: drawn, and printed)")
        parser.add_argument(
            "--organization-file",
            type=Path,
            default=ORGANIZATION_FILE,
            help="the server's organization with the passwords of its tills (default: that of the demo)",
        )

    def handle(self, **options: Any) -> None:
        """Trade and check. Raises CommandError if the server cannot be used, or anything differs."""
        try:
            shops = read_shops(options["organization_file"])
        except NoTillsError as error:
            raise CommandError(str(error)) from error
        _check_served(options["url"])
        seed = options["seed"] or secrets.randbelow(1_000_000) + 1
        run = f"{int(time.time() * 1000):x}"
        self.stdout.write(f"{shops.name}: {options['tills']} tills at {options['url']}, --seed {seed}, run {run}")
        journal = Journal()
        day = Day(
            url=options["url"], run=run, seed=seed, shops=shops, books=Books(), journal=journal, lose_every=options["lose"],
            counters=options["tills"],
        )  # fmt: skip
        seconds = 60 * options["minutes"]
        status = _Status(self, journal, total=seconds)
        trade_and_check(day, seconds=seconds, pause=options["pause"], report=status.show)
        status.end()
        self.stdout.write(report(journal))
        if count := len(journal.mismatches):
            raise CommandError(f"{count} mismatches. Run it again with --seed {seed}.")
        self.stdout.write(self.style.SUCCESS(f"{len(day.books.customers)} customers: everything is as it must be."))


class _Status:
    """The line that shows how the day goes: in place on a terminal, else a line now and then."""

    def __init__(self, command: BaseCommand, journal: Journal, *, total: float) -> None:
        self._out, self._journal, self._total = command.stdout, journal, total
        self._shown_at = 0.0

    def show(self, seconds: float) -> None:
        """Show the line."""
        in_place = self._out.isatty()
        if in_place or seconds - self._shown_at >= _LINE_SECONDS:
            line = status_line(self._journal, seconds=seconds, total=self._total)
            self._out.write(f"{_REWRITE}{line}" if in_place else line, ending="" if in_place else "\n")
            self._out.flush()
            self._shown_at = seconds

    def end(self) -> None:
        """Leave the line."""
        if self._out.isatty():
            self._out.write("")


def _check_served(url: str) -> None:
    """Raise CommandError if no server answers there."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise CommandError(f"--url {url}: it must begin with http:// and name a host.")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise CommandError(f"No server answers at {url} ({error}). `make demo` starts one.") from error
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        raise CommandError(f"{url}/healthz is answered {status}.")


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 86_400:
        raise ArgumentTypeError("must be a number, 0 or more")
    return number


def _positive(text: str) -> float:
    number = _seconds(text)
    if not number:
        raise ArgumentTypeError("must be more than 0")
    return number
