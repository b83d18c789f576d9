"""Addresses of pages, and the decorators that make pages about one row."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action

from organizations.back_office.current_user import member_of

View = Callable[..., HttpResponse]


def page_of(row: Model) -> str:
    """The address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def permission_check(permission: str) -> Callable[..., bool]:
    """A `has_..._permission` method of an admin class: true for users with `permission` (`app.codename`)."""

    def has_permission(_admin: Any, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG001 - Django's signature
        return member_of(request).has_perm(permission)

    return has_permission


def sent_values(request: HttpRequest, *, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """The values of a form that was sent, for a page that sends them again, but for those of the names `without`."""
    left_out = {"csrfmiddlewaretoken", *without}
    return [(name, value) for name in request.POST if name not in left_out for value in request.POST.getlist(name)]


def row_view(permission: str) -> Callable[[View], View]:
    """A view of an admin class about one row: the view gets the row in place of its id.

    It runs in the scope of the row's organization. An unknown row, or one that the current user may not see, leads to the start
    page. `permission` is `app.codename`, or the `...` of a method `has_..._permission`; without it the answer is 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(admin: Any, request: HttpRequest, object_id: Any, **parts: Any) -> HttpResponse:
            row = admin.get_object(request, unquote(str(object_id)))
            if row is None:
                unknown: HttpResponse = admin.answer_unknown(request, str(object_id))
                return unknown
            with admin.row_scope(request, row, permission):
                return view(admin, request, row, **parts)

        return answer

    return decorate


def row_page(
    title: str, *, address: str, icon: str, permission: str = "change", opens_dialog: bool = False
) -> Callable[[View], Any]:
    """A `row_view` with a button, shown by Unfold on the row's own page. `permission` names a method `has_..._permission`.

    With `opens_dialog` the form opens over the row's page (static/back_office/dialogs.js).
    """

    def decorate(view: View) -> Any:
        attributes = {"data-dialog": ""} if opens_dialog else None
        make_action: Any = action(description=title, url_path=address, icon=icon, attrs=attributes)
        page = make_action(row_view(permission)(view))
        # For the button alone: the view checks in the scope of the row, where operators have an organization.
        page.allowed_permissions = [permission]
        return page

    return decorate
