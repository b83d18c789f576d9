"""Actions on many rows of a list are confirmed on a page that says how many rows they change."""

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext

from loyalty_project.translation import format_number

_PASSED_ON = ("action", "select_across", "index", ACTION_CHECKBOX_NAME)


def confirmation_page(admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
    """The page that asks before an action of `confirmed_actions` changes the selected rows; None if it is not needed.

    It is not for other actions, for an empty selection, and after the button of this page (`confirmed`).
    """
    name = request.POST.get("action", "")
    if name not in admin.confirmed_actions or name not in admin.get_actions(request) or "confirmed" in request.POST:
        return None
    if request.POST.get("select_across") != "1":
        rows = rows.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
    count = rows.count()
    if not count:
        return None
    label = str(admin.get_actions(request)[name][2])
    noun = admin.opts.verbose_name if count == 1 else admin.opts.verbose_name_plural
    page: HttpResponse = admin.answer_page(
        request,
        "back_office/confirm_action.html",
        title=f"{label}: {format_number(count)} {noun}",
        back=request.get_full_path(),
        heading=capfirst(admin.opts.verbose_name_plural),
        intro=gettext("%(label)s: this changes %(count)s %(noun)s.")
        % {"label": label, "count": format_number(count), "noun": noun},
        submit=f"{label} ({format_number(count)})",
        values=[(key, value) for key in _PASSED_ON for value in request.POST.getlist(key)],
    )
    return page
