"""Entries of the back office's sidebar: the form in which each app declares its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


@dataclass(frozen=True, slots=True)
class SidebarEntry:
    """A link to the list of a model (`app.model`). `icon` is a name of Material Symbols."""

    title: str
    icon: str
    model: str

    def may_see(self, request: HttpRequest) -> bool:
        """Whether the current user may see the list."""
        app, _, model = self.model.partition(".")
        return bool(request.user.has_perm(f"{app}.view_{model}"))

    def as_item(self) -> dict[str, Any]:
        """The entry in Unfold's form."""
        return {
            "title": self.title,
            "icon": self.icon,
            "link": reverse_lazy(f"admin:{self.model.replace('.', '_')}_changelist"),
            "permission": self.may_see,
        }


def sidebar_group(title: str, entries: Sequence[SidebarEntry], **options: Any) -> dict[str, Any]:
    """A titled group of entries in Unfold's form; `options` are Unfold's."""
    return {"title": title, "separator": True, **options, "items": [entry.as_item() for entry in entries]}
