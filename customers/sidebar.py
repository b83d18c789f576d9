"""Sidebar entries of customers."""

from typing import Final

from customers.duplicates.staff import DUPLICATES
from customers.identity_requests.staff import REQUESTS
from organizations.back_office.sidebar import SidebarEntry

CUSTOMERS: Final = (
    SidebarEntry("Customers", "group", "customers.customer"),
    SidebarEntry("Identity requests", "swap_horiz", "customers.identityrequest", REQUESTS),
    SidebarEntry("Merges", "merge", "customers.merge", at_counter=False),
    SidebarEntry("Cards", "credit_card", "customers.card"),
)
MESSAGES: Final = (SidebarEntry("Messages", "sms", "customers.outboxmessage"),)
ERASURES: Final = (SidebarEntry("Erasures", "person_remove", "customers.erasure"),)
GROUPINGS: Final = (
    SidebarEntry("Segments", "pie_chart", "customers.segment"),
    SidebarEntry("Likely duplicates", "join_inner", "customers.duplicatecandidate", DUPLICATES),
    SidebarEntry("User groups", "diversity_3", "customers.usergroup"),
    SidebarEntry("Statuses", "gavel", "customers.customerstatus"),
)
