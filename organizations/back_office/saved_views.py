"""Saving and removing views of a list, by two small forms above it."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from organizations.back_office.current_user import member_of
from organizations.back_office.forms import LineField, ReadableTexts
from organizations.back_office.list_page import ListPage
from organizations.back_office.parameters import is_row_id
from organizations.saved_views.models import SavedView
from organizations.saved_views.services import MOST_VIEWS, TooManyViewsError, remove_view, save_view

# The fields of the two forms.
NAME: Final = "view_name"
REMOVED: Final = "remove_view"


class _NameForm(ReadableTexts, forms.Form):
    view_name = LineField(max_length=SavedView._meta.get_field("name").max_length)


def answers_views(request: HttpRequest) -> bool:
    """True for a request that saves or removes a view."""
    return request.method == "POST" and bool({NAME, REMOVED} & request.POST.keys())


def change_views(request: HttpRequest, page: ListPage) -> HttpResponse:
    """Save the filters of the list as a view of the current user, or remove one; then show the list again."""
    address = f"{request.path}{page.get_query_string()}"
    if not page.has_views:
        messages.warning(request, gettext("Operators have no views of their own."))
    elif removed := request.POST.get(REMOVED, ""):
        _remove(request, page, removed)
    else:
        _save(request, page)
    return HttpResponseRedirect(address)


def _save(request: HttpRequest, page: ListPage) -> None:
    form = _NameForm(request.POST)
    query: dict[str, Any] = page.view_query
    if not query:
        messages.warning(request, gettext("Filter or sort the list first: the view keeps that."))
    elif not form.is_valid():
        messages.warning(request, gettext("The view was not saved. Name: %(name)s") % {"name": form.errors[NAME][0]})
    else:
        try:
            save_view(
                member_of(request), list_name=page.opts.label_lower, name=form.cleaned_data[NAME], query=query
            )  # fmt: skip
        except TooManyViewsError:
            messages.warning(
                request,
                gettext("There are %(most_views)s views of this list already. Remove one first.") % {"most_views": MOST_VIEWS},
            )


def _remove(request: HttpRequest, page: ListPage, removed: str) -> None:
    is_removed = is_row_id(removed) and remove_view(
        member_of(request), list_name=page.opts.label_lower, view_id=int(removed)
    )  # fmt: skip
    if not is_removed:
        messages.warning(request, gettext("You have no such view of this list."))
