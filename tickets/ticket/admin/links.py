"""The table of what is linked to a ticket."""

from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext

from engagement.adjustments.panels import state_of
from engagement.numbers.display import format_change
from organizations.back_office.columns import link_to
from organizations.back_office.history import actor_label
from organizations.back_office.tables import Table, badge, table, with_note
from tickets.links.models import TicketLink
from tickets.links.services import KINDS, describe

_POINTS: Final = "Points"


def links_table(links: Iterable[TicketLink]) -> Table:
    """What is linked, with its page, and what of it is goodwill."""
    rows = [_row(link) for link in links]
    return table("Linked", ("Kind", "What", "Linked", "Why"), rows)


def _row(link: TicketLink) -> list[Any]:
    kind, shown = _target(link)
    return [
        kind,
        shown,
        with_note(link.at, actor_label(link.made_by)),
        badge("goodwill", "good") if link.is_goodwill else gettext("about it"),
    ]


def _target(link: TicketLink) -> tuple[str, Any]:
    if link.adjustment is not None:
        points = link_to(link.adjustment, gettext("%(points)s points") % {"points": format_change(link.adjustment.points)})
        return _POINTS, with_note(
            points,
            gettext("in %(program)s, %(adjustment)s")
            % {"program": link.adjustment.program, "adjustment": state_of(link.adjustment)},
        )
    name = next(name for name in KINDS if getattr(link, name) is not None)
    return KINDS[name], link_to(link.target, describe(link.target))
