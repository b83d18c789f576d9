"""Where is a row's page, and how does the row get another one beside it? By an action that Unfold shows as a button."""

from collections.abc import Callable
from typing import Any, cast

from django.db.models import Model
from django.http import HttpResponse
from django.urls import reverse
from unfold.decorators import action


def page_of(row: Model) -> str:
    """The address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def page_action(
    title: str, *, address: str, icon: str, permission: str = "change"
) -> Callable[[Callable[..., HttpResponse]], Any]:
    """A page about one row, with a button on the row's own page; for those who have `permission` (`has_..._permission`)."""
    made: Any = action(description=title, url_path=address, permissions=[permission], icon=icon)
    return cast("Callable[[Callable[..., HttpResponse]], Any]", made)
