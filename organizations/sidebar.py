"""Sidebar entries of organizations."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from organizations.back_office.queues import Queue
from organizations.back_office.sidebar import SidebarEntry
from organizations.imports.models import ImportRun
from organizations.imports.troubled import troubled


def _troubled_imports(request: HttpRequest) -> QuerySet[ImportRun]:  # noqa: ARG001 - signature of all queues
    return troubled(ImportRun.objects.all())


TROUBLED: Final = Queue("Failed imports", "upload_file", "organizations.importrun", _troubled_imports, (("state", "troubled"),))
CONFIGURATION: Final = (
    SidebarEntry("Organization", "domain", "organizations.organization"),
    SidebarEntry("Stores", "storefront", "organizations.store"),
    SidebarEntry("Tills", "point_of_sale", "organizations.till"),
    SidebarEntry("Zones", "map", "organizations.zone"),
    SidebarEntry("Concepts", "category", "organizations.concept"),
    SidebarEntry("Fields", "list_alt", "organizations.fielddefinition"),
    SidebarEntry("Card series", "style", "organizations.cardseries"),
    SidebarEntry("Source accounts", "hub", "organizations.sourceaccount"),
    SidebarEntry("API clients", "api", "organizations.apiclient"),
)
STAFF_AND_IMPORTS: Final = (
    SidebarEntry("Staff", "badge", "organizations.staffmember"),
    SidebarEntry("Imports", "upload_file", "organizations.importrun", TROUBLED),
)
RECORDS: Final = (
    SidebarEntry("Audit", "history", "organizations.auditentry"),
    SidebarEntry("Idempotency keys", "repeat_one", "organizations.idempotencykey"),
)
