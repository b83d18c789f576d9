"""Entries of the back office's sidebar: the form in which each app declares its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext

from organizations.back_office.current_user import member_of
from organizations.back_office.queues import Queue, queue_label
from organizations.staff.models import StaffMember


@dataclass(frozen=True, slots=True)
class SidebarEntry:
    """A link to the list of a model (`app.model`). `icon` is a name of Material Symbols.

    The number of rows of its `queue` that wait is shown beside the title unless it is 0. With `at_counter=False` the entry is
    not shown to store staff, who come to these rows by the page of a customer.
    """

    title: str
    icon: str
    model: str
    queue: Queue | None = None
    at_counter: bool = True

    def may_see(self, request: HttpRequest) -> bool:
        """Whether the current user may see the list, and gets the entry."""
        app, _, model = self.model.partition(".")
        is_shown = self.at_counter or member_of(request).role != StaffMember.Role.STORE_STAFF
        return is_shown and bool(request.user.has_perm(f"{app}.view_{model}"))

    def as_item(self, waiting: Mapping[Queue, int]) -> dict[str, Any]:
        """The entry in Unfold's form; `waiting` are the numbers of rows by queue."""
        count = waiting.get(self.queue, 0) if self.queue else 0
        badge = {"badge": queue_label(count), "badge_variant": "warning"} if count else {}
        return {
            **badge,
            "title": gettext(self.title),
            "icon": self.icon,
            "link": reverse_lazy(f"admin:{self.model.replace('.', '_')}_changelist"),
            "permission": self.may_see,
        }


def sidebar_group(title: str, entries: Sequence[SidebarEntry], waiting: Mapping[Queue, int], **options: Any) -> dict[str, Any]:
    """A titled group of entries in Unfold's form; `options` are Unfold's."""
    return {"title": gettext(title), "separator": True, **options, "items": [entry.as_item(waiting) for entry in entries]}
