"""Sidebar entries of subscriptions."""

from typing import Final

from organizations.back_office.sidebar import SidebarEntry

CONSENTS: Final = (SidebarEntry("Consent log", "fact_check", "subscriptions.consentchange", at_counter=False),)
