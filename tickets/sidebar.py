"""Sidebar entries of tickets."""

from typing import Final

from organizations.back_office.sidebar import SidebarEntry

TICKETS: Final = (SidebarEntry("Tickets", "support_agent", "tickets.ticket"),)
CHOICES: Final = (SidebarEntry("Ticket choices", "label", "tickets.ticketchoice"),)
