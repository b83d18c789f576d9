"""Loading the demo: its organization file, its customers and their history by the use cases, and a superuser."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from customers.duplicates.services import find_duplicates
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
    tickets,
    uploads,
    walk_ins,
    webhooks,
)
from demo.guide import OPERATOR
from demo.organization import ORGANIZATION_CODE, ORGANIZATION_FILE
from demo.progress import Report, no_report
from engagement.figures.refreshing import refresh_figures
from loyalty_project import clock
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
    recommendations, tickets, referrals, webhooks, outbox, erasures, uploads, walk_ins,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedDemo:
    """The demo's organization, and the numbers of customers and bills that were added."""

    organization: Organization
    customers: int
    bills: int


@transaction.atomic
def load_demo(how_many: int, *, report: Report = no_report) -> LoadedDemo:
    """Load the demo with so many customers, all or nothing. Over an older edition it adds what is missing.

    `report` is called at the begin of each step, and as it goes on. Raises CommandError for a customer that is refused, and the
    errors of the organization file.
    """
    report("Loading the organization file", 0, 0)
    organization = load_organization(check_document(ORGANIZATION_FILE.read_bytes(), environment={})).organization
    by = command_actor("load_demo", organization)
    now = clock.now()
    with organization_scope(organization):
        loaded = _load_customers(how_many, by=by, now=now, today=now.astimezone(organization.zone).date(), report=report)
        record_changes([_loaded(organization, present_edition(how_many))], by=by)
    if not StaffMember.objects.filter(username=OPERATOR.username).exists():
        StaffMember.objects.create_superuser(OPERATOR.username, password=OPERATOR.password)
    return loaded


def present_edition(how_many: int = customers.HOW_MANY) -> str:
    """Digest of the demo's data modules, its organization file and the number of its customers."""
    sources = [ORGANIZATION_FILE, *(Path(str(module.__file__)) for module in _DATA_MODULES)]
    return hashlib.sha256(b"".join([*(source.read_bytes() for source in sources), str(how_many).encode()])).hexdigest()


def loaded_edition() -> str:
    """The edition that was loaded last into this database, or ""."""
    organization = Organization.objects.filter(code=ORGANIZATION_CODE).first()
    if organization is None:
        return ""
    with organization_scope(organization):
        last = AuditEntry.objects.filter(object_type="organization", object_id=organization.pk, action=LOADED).first()
    return str(last.new["edition"]) if last else ""


def _load_customers(how_many: int, *, by: Actor, now: datetime, today: date, report: Report) -> LoadedDemo:
    items = customers.demo_items(today=today, how_many=how_many)
    registrations = customers.register_demo_customers(items, by=by, report=report)
    registered = [registration.customer for registration in registrations]
    report("Recording their consents", 0, 0)
    consents.record_demo_consents(registered, by=by, now=now)
    report("Writing notes and interactions", 0, 0)
    contacts.record_demo_contacts(registered, by=by, now=now)
    report("Assigning segments and groups", 0, 0)
    classified = classifications.demo_classifications(items, today=today)
    classifications.classify_customers(items, classified, by=by)
    bill_count = bills.record_demo_bills(registered, by=by, report=report)
    report("Recording sales without a customer", 0, 0)
    walk_ins.record_demo_walk_ins(by=by, now=now)
    report("Adding a webhook endpoint", 0, 0)
    webhooks.open_demo_endpoint(by=by)
    report("Requesting changes of identifiers", 0, 0)
    identity_requests.request_demo_changes([registration.state for registration in registrations], by=by, now=now)
    report("Looking for customers registered twice", 0, 0)
    find_duplicates(by.organization)
    merges.merge_demo_duplicates(by.organization)
    report("Redeeming points", 0, 0)
    redemptions.redeem_demo_points(by.organization)
    redemptions.post_earlier_redemptions(by=by, now=now)
    report("Adjusting points", 0, 0)
    adjustments.adjust_demo_points(by.organization)
    report("Giving coupons", 0, 0)
    coupons.give_demo_coupons(registered, by=by, now=now)
    report("Finding what is bought together", 0, 0)
    recommendations.recommend_demo_products(registered, organization=by.organization, now=now)
    report("Opening tickets", 0, 0)
    tickets.open_demo_tickets(registered, by=by, now=now)
    report("Referring friends", 0, 0)
    referrals.refer_demo_friends(registered, by=by, now=now)
    report("Setting statuses and pictures", 0, 0)
    # Statuses come last: some of them forbid the steps above.
    classifications.set_statuses_and_pictures(items, classified, by=by)
    report("Erasing a customer who asked for it", 0, 0)
    erasures.erase_demo_customer(registered, organization=by.organization)
    report("Importing files", 0, 0)
    uploads.import_demo_files(by.organization)
    report("Sending codes", 0, 0)
    outbox.send_demo_codes(by.organization)
    report("Counting the figures of the start page", 0, 0)
    refresh_figures(by.organization, complete=True)
    return LoadedDemo(organization=by.organization, customers=len(registered), bills=bill_count)


def _loaded(organization: Organization, edition: str) -> Change:
    return Change(action=LOADED, object_type="organization", object_id=organization.pk, new={"edition": edition})
