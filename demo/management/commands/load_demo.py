"""`manage.py load_demo`: the demo's organization, customers and bills in this database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from demo.customers import HOW_MANY
from demo.loading import is_loaded, load_demo, present_edition
from demo.organization import check_allowed
from demo.progress import ProgressLines
from loyalty_project.command_options import COUNT
from loyalty_project.db.statistics import analyze_outdated_tables


class Command(BaseCommand):
    """`manage.py load_demo`."""

    help = (
        "Loads the demo's organization, its customers and their bills, and a superuser. A demo that is loaded stays as it is,"
        " with all changes that users made; a newer edition is loaded over the older one and adds what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--yes` and `--customers`."""
        parser.add_argument("--yes", action="store_true", help="also into the database of DATABASE_URL")
        parser.add_argument(
            "--customers", type=COUNT, default=HOW_MANY, help="how many customers to load (default: %(default)s)"
        )

    def handle(self, *, yes: bool, customers: int, **_options: Any) -> None:
        """Load the demo, slice by slice. Raises CommandError if it is not allowed, or if existing rows are in the way."""
        check_allowed(yes=yes)
        if is_loaded(present_edition(customers)):
            self.stdout.write("The demo is loaded already.")
            return
        progress = ProgressLines(self.stdout)
        *_, loaded = load_demo(customers, report=progress.report)
        progress.end()
        analyze_outdated_tables()
        self.stdout.write(loaded.text)
