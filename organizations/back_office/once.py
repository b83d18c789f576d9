"""Forms that move points, money or coupons: they show their result before it is done, and each counts once."""

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm, WholeNumberField
from organizations.submissions.services import StaleFormError, Submitted, submit_once, token_of

# What a browser adds to what is typed.
_NOT_TYPED: Final = frozenset({"csrfmiddlewaretoken", "seen", "token", "send_code"})


class OnceForm(ActionForm):
    """A form that first shows what it would do (`preview`), and then does it (`do`) once, however often it is sent.

    `action` and `subject`, the id of the customer, name what is done: the same in every tab. A subclass adds its refusals to
    those of this class. `result` has the preview: a headline, then further sentences. `seen` is sent back with it: a form that
    was changed since is shown again.
    """

    action: ClassVar[str]
    refusals: ClassVar[tuple[type[Exception], ...]] = (StaleFormError,)

    token = WholeNumberField(widget=forms.HiddenInput, min_value=0)

    previews: ClassVar[bool] = True
    preview_button: Final = "Preview"
    result: Sequence[str] = ()
    seen: str = ""
    submitted: Submitted

    def __init__(self, *args: Any, subject: int, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject_id, self.by = subject, by
        self.initial = {**self.initial, "token": token_of(self.action, subject)}

    def asks_first(self) -> bool:
        """True if what is typed is shown before it is done. Forms without `previews` show it only then."""
        return True

    def preview(self) -> Sequence[str]:
        """What the valid form would do: a headline, then further sentences. Writes nothing; raises as `do`."""
        raise NotImplementedError

    def do(self) -> str:
        """Do what the valid form asks for, in the transaction of the caller. Returns what was done, without personal data."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "token" in self.errors:
            # The field is hidden: its error would not be seen.
            del self.errors["token"]
            self.add_error(None, gettext("This page is incomplete. Open it again."))
        return cleaned

    def run(self) -> bool:
        """Show the preview of a valid form; if it was seen already, do what the form asks for. True if that was done."""
        if not self.is_valid():
            return False
        if not self.asks_first() or self.data.get("seen") == digest_of(self.data):
            return self.attempt(self.act)
        self.show()
        return False

    def show(self) -> None:
        """Show the preview of this valid form."""
        if self.attempt(self._preview):
            self.seen = digest_of(self.data)

    def act(self) -> None:
        token: int = self.cleaned_data["token"]
        self.submitted = submit_once(token, action=self.action, subject=self.subject_id, by=self.by, do=self.do)

    def _preview(self) -> None:
        self.result = self.preview()

    def report(self, request: HttpRequest, subject: object) -> None:
        """Add the message about what was done for `subject`; a warning if that was done before."""
        done = self.submitted
        if not done.is_repeated:
            messages.success(request, f"{subject}: {done.result}")
            return
        messages.warning(
            request,
            gettext(
                "%(subject)s: nothing more was done: this page was sent before, with %(result)s Open it again to repeat it."
            )
            % {"subject": subject, "result": done.result},
        )


def digest_of(data: Any) -> str:
    """A digest of what is typed into a form, which is sent with the button that follows its preview."""
    typed = [(name, data.getlist(name)) for name in sorted(data) if name not in _NOT_TYPED]
    return hashlib.sha256(repr(typed).encode()).hexdigest()[:16]
