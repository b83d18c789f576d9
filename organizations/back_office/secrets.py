"""How do tills, clients and staff get a password? On a page of its own: generated or typed, and shown at most once."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.widgets import UnfoldAdminPasswordToggleWidget, UnfoldAdminRadioSelectWidget

from organizations.audit.services import record_changes
from organizations.back_office.auditing import describe_secret
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of, work_for
from organizations.back_office.pages import page_of

GENERATED_LENGTH: Final = 20
MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 200
# Without what is easily taken for something else when read aloud or copied by hand.
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GENERATE, _TYPE = "generate", "type"


def generate_secret() -> str:
    """A random secret of 116 bits, easy to copy by hand."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(GENERATED_LENGTH))


class SecretForm(forms.Form):
    """Generate a secret, or take the typed one. `check` raises ValidationError for one that is too weak."""

    how = forms.ChoiceField(
        label="How",
        choices=[(_GENERATE, "Generate one and show it once"), (_TYPE, "I type it")],
        initial=_GENERATE,
        widget=UnfoldAdminRadioSelectWidget,
    )
    secret = forms.CharField(
        label="New one",
        required=False,
        max_length=MAX_LENGTH,
        strip=False,
        widget=UnfoldAdminPasswordToggleWidget(attrs={"autocomplete": "new-password"}),
        help_text=f"Only when you type it: at least {MIN_LENGTH} characters.",
    )

    def __init__(self, *args: Any, check: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check = check

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        if self.cleaned_data.get("how") != _TYPE:
            return generate_secret()
        if len(secret) < MIN_LENGTH:
            raise forms.ValidationError(f"At least {MIN_LENGTH} characters.")
        self.check(secret)
        return secret

    @property
    def is_generated(self) -> bool:
        """Whether the secret is one that nobody knows yet."""
        return bool(self.cleaned_data["how"] == _GENERATE)


def accept_any(_row: Any, _secret: str) -> None:
    """No rule but the length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKind:
    """What the secret of a kind of row is called, where its hashes stand, and how it is put and checked."""

    word: str
    columns: Sequence[str]
    put: Callable[[Any, str], None]
    check: Callable[[Any, str], None] = accept_any


class SecretAdmin(BackOfficeAdmin):
    """An admin class whose rows have a secret. A subclass offers the page as an action that returns `answer_secret`."""

    secret: ClassVar[SecretKind]
    actions_detail: Sequence[str] = ()

    def answer_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page on which the secret of a row is set."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self.answer_unknown(request, object_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        with work_for(request, self.organization_behind(row)):
            form = SecretForm(request.POST or None, check=lambda typed: self.secret.check(row, typed))
            shown = ""
            if request.method == "POST" and form.is_valid():
                self._set(request, row, form.cleaned_data["secret"])
                if not form.is_generated:
                    messages.success(request, f"The {self.secret.word} of {row} is changed.")
                    return HttpResponseRedirect(page_of(row))
                shown = form.cleaned_data["secret"]
            return self.answer_page(
                request,
                "back_office/secret.html",
                title=f"New {self.secret.word}: {row}",
                original=row,
                back=page_of(row),
                form=form,
                shown=shown,
                word=self.secret.word,
            )

    def _set(self, request: HttpRequest, row: Any, secret: str) -> None:
        is_new = not getattr(row, self.secret.columns[0])
        with transaction.atomic():
            self.secret.put(row, secret)
            row.save(update_fields=self.secret.columns)
            change = describe_secret(row, self.secret.word, is_new=is_new)
            record_changes([change], by=actor_of(request, self.organization_behind(row)))
