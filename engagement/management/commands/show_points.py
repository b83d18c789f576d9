"""`manage.py show_points`: balances of a customer's accounts, now or at a past time, with a sentence for each entry."""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from customers.profile.models import Customer
from engagement.points.balance_at import AccountHistory, history_of
from engagement.points.explanations import explain
from engagement.tiers.rules import end_of
from loyalty_project.command_options import ROW_ID
from loyalty_project.protocol.moments import read_moment, write_moment
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Shows the points of a customer at any time."""

    help = "Show the points of a customer, program by program, with a sentence for every entry; now or at a moment of the past."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, metavar="CODE")
        parser.add_argument("--customer", required=True, type=ROW_ID, metavar="ID")
        parser.add_argument("--as-of", metavar="TIME", help="what had happened by then, in the organization's time")
        parser.add_argument("--known-at", metavar="TIME", help="as far as it was written by then; a day means its end")

    def handle(self, *, organization: str, customer: int, as_of: str | None, known_at: str | None, **_options: Any) -> None:
        row = Organization.objects.filter(code=organization).first()
        if row is None:
            raise CommandError(f"there is no organization {organization!r}", returncode=2)
        until = _moment(as_of, row.zone)
        known_until = _moment(known_at, row.zone)
        with organization_scope(row):
            if not Customer.objects.filter(pk=customer).exists():
                raise CommandError(f"there is no customer {customer}", returncode=2)
            for history in history_of(customer, organization=row, as_of=until, known_at=known_until):
                self._show(history, row.zone)

    def _show(self, history: AccountHistory, zone: ZoneInfo) -> None:
        figures = ", ".join(f"{name} {plain_digits(value)}" for name, value in asdict(history.balance).items())
        self.stdout.write(f"{history.account.program}: {figures}")
        for entry in history.entries:
            at, points = write_moment(entry.occurred_at, zone), plain_digits(entry.points)
            self.stdout.write(f"{entry.version:>5}  {at}  {points:>10}  {explain(entry)}")


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """The time of an option; for a date, the end of its day."""
    if text is None:
        return None
    try:
        return end_of(date.fromisoformat(text), zone) - timedelta(microseconds=1)
    except ValueError:
        moment = read_moment(text, zone)
    if moment is None:
        raise CommandError(f"{text!r} is neither YYYY-MM-DD nor YYYY-MM-DD HH:MM:SS", returncode=2)
    return moment
