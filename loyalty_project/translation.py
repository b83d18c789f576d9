"""Language of the back office: the language of a request, and the words of models and admin classes in that language.

The API, commands and workers speak English: no language is activated there. docs/translating.md says how words are marked.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

# Apps whose models staff see.
APPS: Final = frozenset({"organizations", "webhooks", "customers", "engagement", "subscriptions", "referrals", "tickets"})


class LanguageMiddleware:
    """Answer a page in the language of its cookie, else in that of the browser, else in English.

    Unlike Django's own middleware it leaves no language behind in the thread, which may answer a till next.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        with translation.override(language):
            response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def translate_models() -> None:
    """Show names, help texts and choices of the project's models in the language of the page. Migrations keep the English."""
    for label in APPS:
        config = apps.get_app_config(label)
        config.verbose_name = _lazy(config.verbose_name)
    for model in shown_models():
        options = model._meta
        # As texts: Django composes a plural of its own lazily.
        options.verbose_name = gettext_lazy(str(options.verbose_name))
        options.verbose_name_plural = gettext_lazy(str(options.verbose_name_plural))
        for field in options.get_fields():
            if hasattr(field, "verbose_name"):
                field.verbose_name = _lazy(field.verbose_name)
                field.help_text = _lazy(field.help_text)  # type: ignore[union-attr]  # fields that have a name have a help text
                if field.choices:  # type: ignore[union-attr]  # the same
                    field.choices = [(value, _lazy(label)) for value, label in field.choices]  # type: ignore[union-attr]


def translate_admin(admin_class: type[Any]) -> None:
    """Show titles of columns, buttons and actions, and the hint on searching, in the language of the page."""
    admin_class.search_help_text = _lazy(admin_class.search_help_text)
    for name in dir(admin_class):
        shown = getattr(admin_class, name)
        title = getattr(shown, "short_description", None)
        if isinstance(title, str) and callable(shown):
            shown.short_description = _lazy(title)


def format_number(number: int | Decimal, decimals: int | None = None) -> str:
    """A number with the separators of the language: 1250 as "1,250", in French "1 250". `decimals` None: as many as it has."""
    return number_format(number, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def shown_models() -> Iterable[type[Model]]:
    """The models of the project."""
    return [model for model in apps.get_models() if model._meta.app_label in APPS]


def _lazy(text: Any) -> Any:
    """The text in the language in which it is shown; a blank one, or one that is lazy already, as it is."""
    return gettext_lazy(text) if text and not isinstance(text, Promise) else text
