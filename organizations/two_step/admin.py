"""The page on which members of staff switch their own two-step log-in on and off."""

from base64 import b32encode
from typing import Any

import segno
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from unfold.widgets import UnfoldAdminTextInputWidget

from organizations.back_office.current_user import actor_of, member_of
from organizations.staff.log_in_form import LONGEST_CODE
from organizations.staff.second_step import VERIFIED, app_of, needs_app
from organizations.two_step.services import begin_adding, confirm_app, remove_app


class CodeForm(forms.Form):
    """The first code of an app that is being added."""

    code = forms.CharField(
        label="Code that the app shows now",
        max_length=LONGEST_CODE,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).replace(" ", "")


@never_cache
@login_required
def two_step(request: HttpRequest) -> HttpResponse:
    """Show whether it is on; add an app, replace it, or switch it off."""
    member = member_of(request)
    is_on, is_needed = app_of(member) is not None, needs_app(member)
    by = actor_of(request, member.organization) if member.organization else None
    if request.method == "POST" and "switch_off" in request.POST and not is_needed:
        remove_app(member, by=by)
        request.session.pop(VERIFIED, None)
        messages.success(request, gettext("Two-step log-in is off."))
        return HttpResponseRedirect(reverse("two_step"))
    form = CodeForm(request.POST if "code" in request.POST else None)
    if form.is_valid():
        if confirm_app(member, form.cleaned_data["code"], by=by):
            request.session[VERIFIED] = True
            messages.success(request, gettext("Two-step log-in is on. The next log-in asks for a code of the app."))
            return HttpResponseRedirect(reverse("admin:index"))
        form.add_error("code", gettext("This code is not right. Wait for the next one, and check the time of your phone."))
    adds = not is_on or "replace" in request.GET or form.is_bound
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": gettext("Two-step log-in"),
        "is_on": is_on,
        "is_needed": is_needed,
        "form": form,
        "adds": adds,
        "submit": gettext("Switch on") if not is_on else gettext("Use this app"),
        "back": reverse("two_step") if is_on else reverse("admin:index"),
    }
    if adds:
        app = begin_adding(member)
        context["picture"] = segno.make(app.config_url).svg_data_uri(scale=5, border=2, light="#fff")
        context["key"] = _grouped(b32encode(app.bin_key).decode())
    return TemplateResponse(request, "back_office/two_step.html", context)


def _grouped(key: str) -> str:
    """The key in groups of four characters, as it is read aloud."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))
