"""`manage.py simulate_bill --organization CODE --customer ID --amount N`: the points of a bill (docs/operating.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.profile.models import Customer
from engagement.earning.sales import SaleLine
from engagement.earning.simulation import simulate_bill
from engagement.numbers.money import read_money, read_quantity
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from loyalty_project.command_options import ROW_ID
from loyalty_project.protocol.moments import read_moment, write_moment
from organizations.locations.lookup import UnknownLocationError, find_locations
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Shows the points that each rule would give, and writes nothing."""

    help = "Shows how many points a bill would bring, rule by rule, and writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add customer, amount, time and location."""
        parser.add_argument("--organization", required=True, metavar="CODE")
        parser.add_argument("--customer", required=True, type=ROW_ID, metavar="ID", help="the customer's user_id")
        parser.add_argument("--amount", required=True, metavar="N", help="after discount")
        parser.add_argument("--at", metavar="TIME", help="YYYY-MM-DD HH:MM:SS or a date, in the organization's zone; now")
        parser.add_argument(
            "--line",
            action="append",
            default=[],
            metavar="ITEM,QUANTITY,AMOUNT[,NAME=VALUE...]",
            help="a line of the bill with its attributes, for rules that look at lines; may be repeated",
        )
        location = parser.add_mutually_exclusive_group()
        location.add_argument("--store", default="", metavar="CODE")
        location.add_argument("--till", default="", metavar="CODE")

    def handle(self, **options: Any) -> None:
        """Print the sentences. Raises `CommandError` for unknown or malformed options."""
        organization = Organization.objects.filter(code=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']}.")
        with organization_scope(organization):
            self._simulate(organization, options)

    def _simulate(self, organization: Organization, options: dict[str, Any]) -> None:
        customer = Customer.objects.filter(pk=options["customer"]).first()
        if customer is None:
            raise CommandError(f"There is no customer {options['customer']}.")
        amount = read_money(options["amount"], organization.currency)
        if amount is None or amount < 0:
            raise CommandError(f"{options['amount']} is no amount.")
        at = read_moment(options["at"], organization.zone) if options["at"] else clock.now()
        if at is None:
            raise CommandError(f"{options['at']} is no time.")
        store = _store(options["store"], options["till"])
        simulated = simulate_bill(
            customer,
            amount=amount,
            at=at,
            store=store,
            catalog=current_catalog(),
            organization=organization,
            lines=[_line(text, position, organization) for position, text in enumerate(options["line"], start=1)],
        )
        where = f" in {store.code}" if store else ""
        self.stdout.write(f"A bill of {amount} {organization.currency}{where} at {write_moment(at, organization.zone)}:")
        if not simulated:
            self.stdout.write("It earns nothing: no program counts there for this customer.")
        for award in simulated:
            for sentence in award.in_words():
                self.stdout.write(sentence)


def _line(text: str, position: int, organization: Organization) -> SaleLine:
    item_code, *cells = text.split(",")
    quantity = read_quantity(cells[0]) if cells else None
    amount = read_money(cells[1], organization.currency) if len(cells) > 1 else None
    if not item_code or quantity is None or amount is None or min(quantity, amount) < 0:
        raise CommandError(f"{text} is no line: write ITEM,QUANTITY,AMOUNT.")
    attributes = dict(cell.partition("=")[::2] for cell in cells[2:])
    return SaleLine(position=position, item_code=item_code, quantity=quantity, amount=amount, attributes=attributes)


def _store(store: str, till: str) -> Store | None:
    try:
        row, _ = find_locations(stores=[store] if store else [], tills=[till] if till else []).find(store=store, till=till)
    except UnknownLocationError:
        raise CommandError(f"There is no {'till' if till else 'store'} {till or store}.") from None
    return row
