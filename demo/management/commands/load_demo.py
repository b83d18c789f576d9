"""How does the demo come into the database? Its organization file, customers and what they did by the services, a superuser."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from customers.duplicates.services import find_duplicates
from customers.groups.services import MembershipInput, find_groups, join_groups
from customers.identifiers.models import Identifier
from customers.lookup.resolve import resolve_rows
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from customers.segments.services import Assignment, assign_partitions, find_partitions
from customers.statuses.models import CustomerStatus
from customers.statuses.services import set_status
from demo import bills, identity_wishes, merges, people
from demo.history import SOURCES, live_until
from demo.identity_requests import ask_demo_changes
from demo.log_ins import OPERATOR, ORGANIZATION_CODE, ORGANIZATION_FILE, check_allowed
from demo.people import HOW_MANY, Standing, demo_items, demo_standings
from demo.purchases import record_demo_purchases
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor, command_actor
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from use_cases.organization_file import check_document, load_organization
from use_cases.registration import Registration, register_all

LOADED = "demo loaded"


class Command(BaseCommand):
    """`manage.py load_demo`."""

    help = (
        "Loads the demo's organization, its customers and their bills, and a superuser. Once loaded, it leaves everything as it"
        " is, so that what somebody tried out stays; a newer edition of the demo is loaded over the older one and adds what is"
        " missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Reads whether a database of DATABASE_URL may be changed, and how large the demo is."""
        parser.add_argument("--yes", action="store_true", help="also into the database of DATABASE_URL")
        parser.add_argument("--customers", type=int, default=HOW_MANY, help="how many customers to load (default: %(default)s)")

    def handle(self, *, yes: bool, customers: int, **_options: Any) -> None:
        """Loads it, all or nothing. Raises CommandError where it may not, or when somebody's rows stand in the way."""
        check_allowed(yes=yes)
        edition = present_edition(customers)
        if loaded_edition() == edition:
            self.stdout.write("The demo is loaded already.")
            return
        self.stdout.write("Loading the demo ...")
        with transaction.atomic():
            organization = load_organization(check_document(ORGANIZATION_FILE.read_bytes(), environment={})).organization
            by = command_actor("load_demo", organization)
            now = clock.now()
            today = now.astimezone(organization.zone).date()
            with organization_scope(organization):
                items = demo_items(today=today, how_many=customers)
                registered = register_missing(items, by=by)
                live_until(now, registered, by=by)
                standings = demo_standings(items, today=today)
                place_everybody(items, standings, by=by)
                bills = record_demo_purchases([one.customer for one in registered], by=by)
                ask_demo_changes([registration.state for registration in registered], by=by, now=now)
                find_duplicates(organization)
                merges.merge_demo_twins(organization)
                # Last, as labels could forbid all that.
                judge_everybody(items, standings, by=by)
                record_changes([_loaded(organization, edition)], by=by)
            if not StaffMember.objects.filter(username=OPERATOR.username).exists():
                StaffMember.objects.create_superuser(OPERATOR.username, password=OPERATOR.password)
        self.stdout.write(f"{organization.name}: {len(registered)} customers registered, {bills} bills recorded")


def present_edition(how_many: int = HOW_MANY) -> str:
    """What tells this edition of the demo from others: a digest of what describes it and of the number of its customers."""
    made_up = (Path(people.__file__), Path(identity_wishes.__file__), Path(merges.__file__))
    sources = [ORGANIZATION_FILE, *made_up, Path(bills.__file__), *SOURCES]
    return hashlib.sha256(b"".join([*(source.read_bytes() for source in sources), str(how_many).encode()])).hexdigest()


def loaded_edition() -> str:
    """The edition that was loaded last into this database, "" for none."""
    organization = Organization.objects.filter(code=ORGANIZATION_CODE).first()
    if organization is None:
        return ""
    with organization_scope(organization):
        last = AuditEntry.objects.filter(object_type="organization", object_id=organization.pk, action=LOADED).first()
    return str(last.new["edition"]) if last else ""


def register_missing(items: Sequence[Item], *, by: Actor) -> list[Registration]:
    """Register those whose identifiers nobody has or ever had here, in the transaction of the caller.

    Raises CommandError when one is refused, with its code.
    """
    known = _known(items)
    missing = [item for item in items if not _identifiers(item) & known]
    context = load_input_context(missing, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in missing]
    registered = []
    for result in register_all(inputs, options=RegistrationOptions(), context=context, by=by):
        if isinstance(result, LoyaltyError):
            raise CommandError(f"A customer of the demo was refused: {result}")
        registered.append(result)
    return registered


def place_everybody(items: Sequence[Item], standings: Sequence[Standing], *, by: Actor) -> None:
    """Put the customers of the items into their partitions and user groups, in the transaction of the caller."""
    placed = _placed(items, standings, by=by)
    partitions = find_partitions({segment for standing in standings for segment in standing.partitions})
    assign_partitions(
        [Assignment(customer, partitions[one]) for customer, standing in placed for one in standing.partitions.items()], by=by
    )
    groups = find_groups({group for standing in standings for group in standing.roles})
    join_groups(
        [
            MembershipInput(customer, groups[group], role)
            for customer, standing in placed
            for group, role in standing.roles.items()
        ],
        by=by,
    )


def judge_everybody(items: Sequence[Item], standings: Sequence[Standing], *, by: Actor) -> None:
    """Give the customers of the items their labels and pictures, in the transaction of the caller."""
    placed = dict(_placed(items, standings, by=by))
    labels = {one.label: one for one in CustomerStatus.objects.all()}
    for customer in Customer.objects.filter(pk__in=[pk for pk, one in placed.items() if one.label]):
        set_status(customer, labels[placed[customer.pk].label], reason=placed[customer.pk].reason, by=by)
    context = load_input_context([], by=by)
    inputs = []
    for pk, standing in placed.items():
        if standing.picture:
            inputs.append(read_customer_input({"id": str(pk)}, context, action="update"))
            inputs[-1].customer.image_url = standing.picture
    options = RegistrationOptions(may_create=False, always_touch=False)
    register_all(inputs, options=options, context=context, by=by)


def _placed(items: Sequence[Item], standings: Sequence[Standing], *, by: Actor) -> list[tuple[int, Standing]]:
    """The ids of the customers who are there, with their standings."""
    customers = resolve_rows(items, organization=by.organization, policy=by.organization.policy)
    return [
        (customer, standing)
        for customer, standing in zip(customers, standings, strict=True)
        if not isinstance(customer, LoyaltyError)
    ]


def _identifiers(item: Item) -> set[tuple[str, str]]:
    return {(kind, item[kind]) for kind in Identifier.Kind.values if kind in item}


def _known(items: Iterable[Item]) -> set[tuple[str, str]]:
    values = {value for item in items for _, value in _identifiers(item)}
    return set(Identifier.objects.filter(value__in=values).values_list("kind", "value"))


def _loaded(organization: Organization, edition: str) -> Change:
    return Change(action=LOADED, object_type="organization", object_id=organization.pk, new={"edition": edition})
