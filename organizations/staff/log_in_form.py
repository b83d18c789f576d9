"""The form of the log-in page: user name and password, then for some a code."""

from typing import Any, Final

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from organizations.credentials.verification_cache import VerificationUnavailableError
from organizations.staff.log_in import BACKEND, LONGEST_NAME
from organizations.staff.models import StaffMember
from organizations.staff.second_step import (
    VERIFIED,
    app_of,
    await_code,
    awaited_member,
    count_wrong_code,
    forget_code,
    is_code_right,
)
from organizations.staff.sessions import seconds_now

LONGEST_PASSWORD: Final = 1000
LONGEST_CODE: Final = 20


class LogInForm(AuthenticationForm):
    """User name and password. What no log-in can have is refused like a wrong password, without a check or a count.

    A member with two-step log-in gets the form again, with the field of the code alone (`asks_code`).
    """

    code = forms.CharField(
        label="Code of your authenticator app",
        required=False,
        max_length=LONGEST_CODE,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "pattern": "[0-9 ]*", "autofocus": ""}
        ),
    )

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.asks_code = self.is_bound and "code" in self.data
        if self.asks_code:
            self.fields["username"].required = self.fields["password"].required = False

    def clean(self) -> dict[str, Any]:
        """The log-in. Too many checks at a time are an error above the form."""
        return self._clean_code() if self.asks_code else self._clean_password()

    def _clean_password(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username") or "", self.cleaned_data.get("password") or ""
        if len(username) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
            raise self.get_invalid_login_error()
        try:
            cleaned: dict[str, Any] = super().clean()
        except VerificationUnavailableError as error:
            raise forms.ValidationError(gettext("Too many people are logging in. Try again in a few seconds.")) from error
        member = self.user_cache
        if isinstance(member, StaffMember) and app_of(member) is not None:
            await_code(self._session, member, now=seconds_now())
            self.user_cache = None
            self.asks_code = True
            raise forms.ValidationError(gettext("Now type the code that your authenticator app shows."), code="asks_code")
        return cleaned

    @property
    def _session(self) -> SessionBase:
        session: SessionBase = self.request.session  # type: ignore[union-attr]  # the page passes its request
        return session

    def _clean_code(self) -> dict[str, Any]:
        session = self._session
        member = awaited_member(session, now=seconds_now())
        if member is None:
            self.asks_code = False
            raise forms.ValidationError(gettext("The log-in took too long. Type your password again."))
        code = str(self.cleaned_data.get("code") or "").replace(" ", "")
        if not is_code_right(member, code):
            count_wrong_code(session)
            raise forms.ValidationError(
                gettext("This code is not right. Wait for the next one, and check the time of your phone.")
            )
        self.confirm_login_allowed(member)
        forget_code(session)
        session[VERIFIED] = True
        member.backend = BACKEND
        self.user_cache = member
        return self.cleaned_data
