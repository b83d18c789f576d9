"""Loading the demo: its organization file, its customers and their history by the use cases, and a superuser."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError
from django.db import transaction

from customers.duplicates.services import find_duplicates
from customers.profile.models import Customer
from customers.registration.state import CustomerState
from demo import (
    adjustments,
    bills,
    classifications,
    consents,
    contacts,
    coupons,
    customers,
    erasures,
    identity_requests,
    merges,
    outbox,
    recommendations,
    redemptions,
    referrals,
    saved_views,
    tickets,
    uploads,
    walk_ins,
    webhooks,
)
from demo.classifications import Classification
from demo.guide import OPERATOR
from demo.organization import ORGANIZATION_CODE, ORGANIZATION_FILE
from demo.progress import Report, no_report
from engagement.figures.refreshing import refresh_figures
from loyalty_project import clock
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor, command_actor
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from use_cases.organization_file import check_document, load_organization

LOADED: Final = "demo loaded"
_DATA_MODULES: Final = (
    customers, classifications, consents, bills, identity_requests, merges, redemptions, adjustments, coupons, contacts,
    recommendations, tickets, referrals, webhooks, outbox, erasures, uploads, saved_views, walk_ins,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedDemo:
    """The demo's organization, the numbers of customers and bills that were added, and whether all is loaded."""

    organization: Organization
    customers: int
    bills: int
    is_whole: bool

    @property
    def text(self) -> str:
        """What was loaded, in a line."""
        return f"{self.organization.name}: {self.customers} customers registered, {self.bills} bills recorded"


def load_demo(how_many: int, *, report: Report = no_report) -> Iterator[LoadedDemo]:
    """Load the demo with so many customers in slices, each with the history of its customers, all or nothing.

    Yields what is loaded so far after each slice. The first one has all that the demo shows; the others have more customers.
    Slices that an ended run has loaded are not loaded again. Over an older edition it adds what is missing.
    `report` is called at the begin of each step, and as it goes on. Raises
    CommandError for too few or too many customers and for one that is refused, and the errors of the organization file.
    """
    if not customers.FEWEST <= how_many <= customers.HOW_MANY:
        raise CommandError(f"--customers must be {customers.FEWEST} to {customers.HOW_MANY}.")
    edition = present_edition(how_many)
    done = loaded_slices(edition)
    report("Loading the organization file", 0, 0)
    organization = Organization.objects.get(code=ORGANIZATION_CODE) if done else _load_organization()
    by = command_actor("load_demo", organization)
    now = clock.now()
    today = now.astimezone(organization.zone).date()
    items = customers.demo_items(today=today, how_many=how_many)
    classified = classifications.demo_classifications(items, today=today)
    slices = customers.demo_slices(items)
    mobiles = {str(item["mobile"]) for item in items if "mobile" in item}
    customer_count = bill_count = 0
    for number, chosen in enumerate(slices[done:], start=done + 1):
        is_last = number == len(slices)
        with transaction.atomic(), organization_scope(organization):
            loading = _Slice(by=by, now=now, report=report, items=[items[index] for index in chosen], mobiles=mobiles)
            bill_count += loading.load([classified[index] for index in chosen], is_first=number == 1)
            if is_last or number == 1:
                loading.complete(is_first=number == 1)
            record_changes([_loaded(organization, edition, slices=number, is_whole=is_last)], by=by)
        customer_count += len(loading.registered)
        yield LoadedDemo(organization=organization, customers=customer_count, bills=bill_count, is_whole=is_last)


def present_edition(how_many: int = customers.HOW_MANY) -> str:
    """Digest of the demo's data modules, its organization file and the number of its customers."""
    sources = [ORGANIZATION_FILE, *(Path(str(module.__file__)) for module in _DATA_MODULES)]
    return hashlib.sha256(b"".join([*(source.read_bytes() for source in sources), str(how_many).encode()])).hexdigest()


def is_loaded(edition: str) -> bool:
    """True if all slices of this edition are in the database."""
    last = _last_load()
    return last.get("edition") == edition and bool(last.get("is_whole"))


def loaded_slices(edition: str) -> int:
    """The number of slices of this edition that are in the database. None are, if another one was loaded later."""
    last = _last_load()
    return int(last.get("slices", 0)) if last.get("edition") == edition else 0


def _last_load() -> Mapping[str, Any]:
    """What was recorded of the slice that was loaded last."""
    organization = Organization.objects.filter(code=ORGANIZATION_CODE).first()
    if organization is None:
        return {}
    with organization_scope(organization):
        last = AuditEntry.objects.filter(object_type="organization", object_id=organization.pk, action=LOADED).first()
    return dict(last.new) if last else {}


@transaction.atomic
def _load_organization() -> Organization:
    organization = load_organization(check_document(ORGANIZATION_FILE.read_bytes(), environment={})).organization
    if not StaffMember.objects.filter(username=OPERATOR.username).exists():
        StaffMember.objects.create_superuser(OPERATOR.username, password=OPERATOR.password)
    return organization


@dataclass(slots=True, kw_only=True)
class _Slice:
    """Some of the demo's customers, given by their items; `registered` are those who were missing.

    `mobiles` are those of all customers of the demo.
    """

    by: Actor
    now: datetime
    report: Report
    items: Sequence[Item]
    mobiles: Collection[str]
    registered: Sequence[Customer] = ()

    def load(self, classified: Sequence[Classification], *, is_first: bool) -> int:
        """Register the customers and write their history; the number of their bills.

        Statuses forbid some steps and come last.
        """
        by, now, report = self.by, self.now, self.report
        registrations = customers.register_demo_customers(self.items, by=by, report=report)
        self.registered = registered = [registration.customer for registration in registrations]
        report("Recording their consents", 0, 0)
        consents.record_demo_consents(registered, by=by, now=now)
        report("Writing notes and interactions", 0, 0)
        contacts.record_demo_contacts(registered, by=by, now=now)
        report("Assigning segments and groups", 0, 0)
        classifications.classify_customers(self.items, classified, by=by)
        bill_count = bills.record_demo_bills(registered, by=by, report=report)
        if is_first:
            self._begin([registration.state for registration in registrations])
        report("Redeeming points", 0, 0)
        redemptions.redeem_demo_points(registered, by.organization)
        redemptions.post_earlier_redemptions(registered, by=by, now=now)
        report("Giving coupons", 0, 0)
        coupons.give_demo_coupons(registered, by=by, now=now)
        if is_first:
            self._tell_stories()
        report("Setting statuses and pictures", 0, 0)
        classifications.set_statuses_and_pictures(self.items, classified, by=by)
        return bill_count

    def _begin(self, states: Sequence[CustomerState]) -> None:
        """Steps of the first slice that come before points are redeemed."""
        by, now, report = self.by, self.now, self.report
        report("Recording sales without a customer", 0, 0)
        walk_ins.record_demo_walk_ins(by=by, now=now)
        report("Adding a webhook endpoint", 0, 0)
        webhooks.open_demo_endpoint(by=by)
        report("Requesting changes of identifiers", 0, 0)
        identity_requests.request_demo_changes(states, by=by, now=now, kept=self.mobiles)
        report("Looking for customers registered twice", 0, 0)
        find_duplicates(by.organization)
        merges.merge_demo_duplicates(by.organization)

    def _tell_stories(self) -> None:
        """Steps of the first slice that come after points were redeemed."""
        by, now, report = self.by, self.now, self.report
        report("Adjusting points", 0, 0)
        adjustments.adjust_demo_points(by.organization)
        report("Opening tickets", 0, 0)
        tickets.open_demo_tickets(self.registered, by=by, now=now)
        report("Referring friends", 0, 0)
        referrals.refer_demo_friends(self.registered, by=by, now=now)

    def complete(self, *, is_first: bool) -> None:
        """Steps after the first slice and after the last one."""
        by, report = self.by, self.report
        if is_first:
            report("Erasing a customer who asked for it", 0, 0)
            erasures.erase_demo_customer(self.registered, organization=by.organization)
            report("Importing files", 0, 0)
            uploads.import_demo_files(by.organization)
            report("Sending codes", 0, 0)
            outbox.send_demo_codes(by.organization)
            report("Saving views of lists", 0, 0)
            saved_views.save_demo_views(by.organization)
        else:
            report("Looking for customers registered twice", 0, 0)
            find_duplicates(by.organization)
        report("Finding what is bought together", 0, 0)
        recommendations.recommend_demo_products(self.registered, organization=by.organization, now=self.now)
        report("Counting the figures of the start page", 0, 0)
        refresh_figures(by.organization, complete=True)


def _loaded(organization: Organization, edition: str, *, slices: int, is_whole: bool) -> Change:
    new = {"edition": edition, "slices": slices, "is_whole": is_whole}
    return Change(action=LOADED, object_type="organization", object_id=organization.pk, new=new)
