"""Sidebar entries of tickets."""

from typing import Final

from organizations.back_office.sidebar import SidebarEntry
from tickets.ticket.staff import OVERDUE

TICKETS: Final = (SidebarEntry("Tickets", "support_agent", "tickets.ticket", OVERDUE),)
CHOICES: Final = (SidebarEntry("Ticket choices", "label", "tickets.ticketchoice"),)
