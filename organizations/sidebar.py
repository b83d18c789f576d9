"""Sidebar entries of organizations."""

from typing import Final

from organizations.back_office.sidebar import SidebarEntry

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
    SidebarEntry("Imports", "upload_file", "organizations.importrun"),
)
RECORDS: Final = (
    SidebarEntry("Audit", "history", "organizations.auditentry"),
    SidebarEntry("Idempotency keys", "repeat_one", "organizations.idempotencykey"),
)
