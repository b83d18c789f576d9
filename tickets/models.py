"""Rows of tickets, by noun. Django finds the models here."""

from tickets.choices.models import TicketChoice
from tickets.links.models import TicketLink
from tickets.ticket.models import Ticket, TicketComment

__all__ = ["Ticket", "TicketChoice", "TicketComment", "TicketLink"]
