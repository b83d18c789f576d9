"""The page that sets the password or secret of a row: generated or typed, and shown at most once."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminPasswordToggleWidget, UnfoldAdminRadioSelectWidget

from organizations.audit.services import record_changes
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of
from organizations.back_office.forms import ReadableTexts
from organizations.back_office.pages import page_of
from organizations.back_office.row_changes import describe_secret
from organizations.credentials.strength import MIN_LENGTH, weakness

GENERATED_LENGTH: Final = 20
MAX_LENGTH: Final = 200
# Without characters that are easily confused when read aloud or copied by hand.
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GENERATE, _TYPE = "generate", "type"


def generate_secret() -> str:
    """A random secret of 116 bits, easy to copy by hand."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(GENERATED_LENGTH))


class SecretForm(ReadableTexts, forms.Form):
    """Generate a secret, or take the typed secret. `check` raises ValidationError if it is too weak."""

    how = forms.ChoiceField(
        label="How",
        choices=[(_GENERATE, "Generate it and show it once"), (_TYPE, "Type it")],
        initial=_GENERATE,
        widget=UnfoldAdminRadioSelectWidget,
    )
    secret = forms.CharField(
        label="New value",
        required=False,
        max_length=MAX_LENGTH,
        strip=False,
        widget=UnfoldAdminPasswordToggleWidget(attrs={"autocomplete": "new-password"}),
        help_text=f"Only if you type it: at least {MIN_LENGTH} characters.",
    )

    def __init__(self, *args: Any, check: Callable[[str], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.check = check

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        if self.cleaned_data.get("how") != _TYPE:
            return generate_secret()
        if reason := weakness(secret):
            raise forms.ValidationError(gettext("It %(reason)s.") % {"reason": reason})
        self.check(secret)
        return secret

    @property
    def is_generated(self) -> bool:
        """True if the secret was generated, so that the user does not know it yet."""
        return bool(self.cleaned_data["how"] == _GENERATE)


def accept_any(_row: Any, _secret: str) -> None:
    """Accept every secret of sufficient length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKind:
    """Name of the secret of a kind of row, the columns of its hashes, and how it is stored and checked."""

    word: str
    columns: Sequence[str]
    put: Callable[[Any, str], None]
    check: Callable[[Any, str], None] = accept_any


class SecretAdmin(BackOfficeAdmin):
    """An admin class whose rows have a secret. A subclass declares the page as a `row_page` that returns `answer_secret`."""

    secret: ClassVar[SecretKind]
    actions_detail: Sequence[str] = ()

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """After a row was added without its secret: the page that sets it, which is the next step."""
        is_done = bool(getattr(obj, self.secret.columns[0])) or "_addanother" in request.POST
        if is_done or not self.has_change_permission(request, obj):
            return super().response_add(request, obj, post_url_continue)
        messages.success(
            request, gettext("%(obj)s was added. Next, set its %(word)s.") % {"obj": obj, "word": self.secret.word}
        )
        options = self.model._meta
        (page,) = (name for name in self.actions_detail if name.startswith("set_"))
        return HttpResponseRedirect(reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=[obj.pk]))

    def answer_secret(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The page that sets the secret of `row`, and shows it if it was generated."""
        form = SecretForm(request.POST or None, check=lambda typed: self.secret.check(row, typed))
        shown, is_new = "", not getattr(row, self.secret.columns[0])
        if form.is_valid():
            self._set(request, row, form.cleaned_data["secret"])
            if not form.is_generated:
                messages.success(
                    request, gettext("The %(word)s of %(row)s was changed.") % {"word": self.secret.word, "row": row}
                )
                return HttpResponseRedirect(page_of(row))
            shown = form.cleaned_data["secret"]
        return self.answer_page(
            request,
            "back_office/secret.html",
            title=gettext("New %(word)s: %(row)s") % {"word": self.secret.word, "row": row},
            original=row,
            form=form,
            shown=shown,
            word=self.secret.word,
            is_new=is_new,
            name=getattr(row, self.natural_key[0]),
            submit=gettext("Set %(word)s") % {"word": self.secret.word},
        )

    def _set(self, request: HttpRequest, row: Any, secret: str) -> None:
        is_new = not getattr(row, self.secret.columns[0])
        with transaction.atomic():
            self.secret.put(row, secret)
            row.save(update_fields=self.secret.columns)
            change = describe_secret(row, self.secret.word, is_new=is_new)
            record_changes([change], by=actor_of(request, self.organization_behind(row)))
