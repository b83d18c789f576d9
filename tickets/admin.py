"""Back-office pages of tickets, by noun. Django finds them here."""

import tickets.choices.admin
import tickets.ticket.admin.ticket  # noqa: F401 - importing registers the pages
