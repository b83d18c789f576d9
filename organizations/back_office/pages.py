"""How does a row get a page of its own beside its form? By an action that Unfold shows as a button."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpResponse
from unfold.decorators import action


def page_action(
    title: str, *, address: str, icon: str, permission: str = "change"
) -> Callable[[Callable[..., HttpResponse]], Any]:
    """A page about one row, with a button on the row's own page; for those who have `permission` (`has_..._permission`)."""
    made: Any = action(description=title, url_path=address, permissions=[permission], icon=icon)
    return cast("Callable[[Callable[..., HttpResponse]], Any]", made)
