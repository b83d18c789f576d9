"""Entries of the back office's sidebar: the form in which each app declares its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


@dataclass(frozen=True, slots=True)
class SidebarEntry:
    """A link to the list of a model (`app.model`). `icon` is a name of Material Symbols.

    `waiting` is the number of rows that wait for the current user, shown beside the title unless it is 0.
    """

    title: str
    icon: str
    model: str
    waiting: Callable[[HttpRequest], int] | None = None

    def may_see(self, request: HttpRequest) -> bool:
        """Whether the current user may see the list."""
        app, _, model = self.model.partition(".")
        return bool(request.user.has_perm(f"{app}.view_{model}"))

    def as_item(self, request: HttpRequest) -> dict[str, Any]:
        """The entry in Unfold's form."""
        waiting = self.waiting(request) if self.waiting and self.may_see(request) else 0
        badge = {"badge": str(waiting), "badge_variant": "warning"} if waiting else {}
        return {
            **badge,
            "title": self.title,
            "icon": self.icon,
            "link": reverse_lazy(f"admin:{self.model.replace('.', '_')}_changelist"),
            "permission": self.may_see,
        }


def sidebar_group(request: HttpRequest, title: str, entries: Sequence[SidebarEntry], **options: Any) -> dict[str, Any]:
    """A titled group of entries in Unfold's form; `options` are Unfold's."""
    return {"title": title, "separator": True, **options, "items": [entry.as_item(request) for entry in entries]}
