"""The form of the log-in page."""

from typing import Any

from django import forms
from unfold.forms import AuthenticationForm

from organizations.credentials.verification_cache import VerificationUnavailableError
from organizations.staff.log_in import LONGEST_NAME

LONGEST_PASSWORD = 1000


class LogInForm(AuthenticationForm):
    """User name and password. What no log-in can have is refused like a wrong password, without a check or a count."""

    def clean(self) -> dict[str, Any]:
        """The log-in. Too many checks at a time are an error above the form."""
        username, password = self.cleaned_data.get("username") or "", self.cleaned_data.get("password") or ""
        if len(username) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
            raise self.get_invalid_login_error()
        try:
            cleaned: dict[str, Any] = super().clean()
        except VerificationUnavailableError as error:
            raise forms.ValidationError("Too many people are logging in. Try again in a few seconds.") from error
        return cleaned
