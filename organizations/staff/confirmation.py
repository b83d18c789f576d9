"""The page that asks the current user for the password again."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget

from organizations.credentials.verification_cache import VerificationUnavailableError
from organizations.staff.log_in import RoleBackend
from organizations.staff.log_in_form import LONGEST_PASSWORD
from organizations.staff.sessions import CONFIRMED_AT, seconds_now

_WRONG = "wrong_confirmations"


class ConfirmPasswordForm(forms.Form):
    """The password of the current user. A wrong one is an error of the field."""

    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": ""}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        username = self.request.user.get_username()
        try:
            member = RoleBackend().authenticate(self.request, username=username, password=password)
        except VerificationUnavailableError as error:
            raise forms.ValidationError(gettext("Too many people are logging in. Try again in a few seconds.")) from error
        if member is None:
            raise forms.ValidationError(gettext("This is not your password."))
        return password


@never_cache
@sensitive_post_parameters()
@login_required
def confirm_password(request: HttpRequest) -> HttpResponse:
    """Ask for the password, then lead to the page in `next`. Five wrong passwords end the session."""
    form = ConfirmPasswordForm(request.POST or None, request=request)
    if form.is_valid():
        request.session[CONFIRMED_AT] = seconds_now()
        request.session.pop(_WRONG, None)
        return HttpResponseRedirect(_next_page(request))
    if form.errors:
        request.session[_WRONG] = request.session.get(_WRONG, 0) + 1
        if request.session[_WRONG] >= settings.AXES_FAILURE_LIMIT:
            logout(request)
            return HttpResponseRedirect(reverse("admin:login"))
    context = {
        **admin.site.each_context(request),
        "title": gettext("Your password, please"),
        "form": form,
        "minutes": settings.STAFF_CONFIRM_MINUTES,
        "submit": gettext("Continue"),
        "back": reverse("admin:index"),
    }
    return TemplateResponse(request, "back_office/confirm_password.html", context)


def _next_page(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")
