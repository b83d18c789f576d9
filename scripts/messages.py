"""Catalogues of the back office's words: `make messages` (docs/translating.md).

Collects the words of the desk and its lists, updates locale/<language>/LC_MESSAGES/django.po with them, and compiles the
catalogues to django.mo, which is kept in the repository because Django reads nothing else.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.forms.utils import pretty_name
from django.utils.encoding import force_str
from django.utils.translation.template import templatize

from loyalty_project.translation import APPS

ROOT: Final = Path(__file__).resolve().parent.parent
LANGUAGES: Final = ("ar", "fr", "hi")
# Pages that only administrators see are in English: the set-up of the organization and its programs, and webhooks.
NOT_TRANSLATED: Final = (
    "demo",
    "organizations/back_office/checks.py",
    "organizations/back_office/secret_columns.py",
    "organizations/back_office/terms_pages.py",
    "engagement/programs/admin",
    "engagement/rehearsal",
    "organizations/tenancy",
    "organizations/organization_file",
    "referrals/campaigns",
    "organizations/credentials",
    "organizations/fields",
    "organizations/idempotency",
    "organizations/source_accounts",
    "engagement/events",
    "webhooks",
)
CODE: Final = (
    "customers",
    "demo",
    "engagement",
    "loyalty_project",
    "organizations",
    "referrals",
    "subscriptions",
    "tickets",
    "use_cases",
)
# Parts of the paths of modules whose known functions, keywords and attributes are shown to staff. Elsewhere words are marked.
PAGES: Final = (
    "admin",
    "back_office",
    "panels.py",
    "timeline.py",
    "sidebar.py",
    "staff",
    "two_step",
    "figures/panels",
    "use_cases/customer",
)
# Functions and classes whose words are translated where they are shown, with the positions of these words.
SHOWN: Final = {
    **dict.fromkeys(("table", "Column", "number", "strong", "SidebarEntry", "Queue"), (0,)),
    **dict.fromkeys(("Series", "make_chart", "row_page", "state_display", "_terms_column", "_choice"), (0,)),
    **dict.fromkeys(("link_column", "value_column", "choice_column", "boolean_column", "points_column", "Tab"), (1,)),
    **dict.fromkeys(("actor_column", "source_column"), (1,)),
    "_text": (0, 2),
}
KEYWORDS: Final = frozenset(
    {
        "description",
        "label",
        "help_text",
        "hint",
        "empty_label",
        "empty",
        "link_text",
        "title",
        "button",
        "done",
        "word",
        "preview_button",
    }
)
# Words of Unfold, which brings no catalogues. Django has its own.
UNFOLD: Final = (
    "Apply Filters", "Cancel", "Choose file to upload", "Clear all filters", "Dark", "Date from", "Date to", "Expand row",
    "False", "Filters", "From", "General", "Go back", "Light", "Loading more results...", "More actions", "Next", "Previous",
    "Recent actions", "Record picture", "Run", "Save and view", "Select action", "Select action to run", "Select all rows",
    "Select record", "Select value", "System", "To", "Toggle password visibility", "True", "Type to search", "View",
)  # fmt: skip
# Attributes of classes that are shown.
ATTRIBUTES: Final = frozenset({"title", "empty_text", "unfiltered_label", "search_help_text", "preview_button", "points_help"})
_TEMPLATE_CALL: Final = re.compile(
    r"""\b([np]?gettext)\(u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")(?:,\s*u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))?"""
)


@dataclass(frozen=True, slots=True)
class Contextual:
    """A word that means something else elsewhere."""

    context: str
    text: str


# A word, its singular and plural, or a word in a context.
Message = str | tuple[str, str] | Contextual


def collect() -> Catalog:
    """The words of code, templates and models, with the places where they occur."""
    catalog = Catalog(project="Regulars", fuzzy=False)
    for path in _files(CODE, "*.py"):
        is_page = any(part in str(path.relative_to(ROOT)) for part in PAGES)
        _add(catalog, path, code_messages(path.read_text(), is_page=is_page))
    for path in _files(("templates",), "*.html"):
        _add(catalog, path, template_messages(path.read_text()))
    for message in model_messages():
        catalog.add(message, locations=[("models", 0)])
    for message in UNFOLD:
        catalog.add(message, locations=[("unfold", 0)])
    return catalog


def _files(folders: Iterable[str], pattern: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(pattern)):
            name = str(path.relative_to(ROOT))
            if "/migrations/" not in name and not name.startswith(NOT_TRANSLATED):
                yield path


def _add(catalog: Catalog, path: Path, messages: Iterable[Message]) -> None:
    for message in messages:
        context = message.context if isinstance(message, Contextual) else None
        words = message.text if isinstance(message, Contextual) else message
        flags = ["python-format"] if "%(" in str(words) else []
        catalog.add(words, locations=[(str(path.relative_to(ROOT)), 0)], flags=flags, context=context)


def template_messages(source: str) -> Iterator[Message]:
    """The words of a template."""
    for match in _TEMPLATE_CALL.finditer(templatize(source)):
        function, *texts = (part for part in match.groups() if part is not None)
        words = [ast.literal_eval(text) for text in texts]
        if function == "pgettext":
            yield Contextual(context=words[0], text=words[1])
        else:
            yield words[0] if len(words) == 1 else (words[0], words[1])


def code_messages(source: str, *, is_page: bool) -> Iterator[Message]:
    """The words that a module marks; of a page also those of functions, keywords and attributes that are known to be shown."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _marked(node)
            yield from _shown(node) if is_page else ()
        elif not is_page:
            continue
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id in ATTRIBUTES for target in targets):
                yield from _texts([node.value] if node.value else [])
        elif isinstance(node, ast.ClassDef):
            yield from _unlabelled_fields(node)
            yield from _filter_messages(node)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _marked(call: ast.Call) -> Iterator[Message]:
    name = _name(call)
    if name == "ngettext":
        singular, plural = _texts(call.args[:2])
        yield singular, plural
    elif name in {"gettext", "gettext_lazy", "gettext_noop"}:
        yield from _texts(call.args[:1])


def _shown(call: ast.Call) -> Iterator[str]:
    name = _name(call)
    positions = SHOWN.get(name, ())
    yield from _texts(argument for position, argument in enumerate(call.args) if position in positions)
    yield from _texts(keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS)
    if name == "table" and len(call.args) > 1 and isinstance(call.args[1], ast.Tuple):
        yield from _texts(call.args[1].elts)
    if name == "state_display" and isinstance(call.args[1], ast.Dict):
        yield from _texts(key for key in call.args[1].keys if key is not None)


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The texts among the nodes; of a choice between two, both."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from _texts([node.body, node.orelse])


def _unlabelled_fields(form: ast.ClassDef) -> Iterator[str]:
    """The names of a form's fields without a label, as Django makes labels of them."""
    for node in form.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            is_labelled = any(keyword.arg == "label" for keyword in node.value.keywords)
            if _name(node.value).endswith("Field") and not is_labelled and isinstance(node.targets[0], ast.Name):
                yield force_str(pretty_name(node.targets[0].id))


def _filter_messages(page: ast.ClassDef) -> Iterator[str]:
    """Titles and options of filters, and the words for the order of a list."""
    for node in page.body:
        target, value = (node.targets[0], node.value) if isinstance(node, ast.Assign) else (None, None)
        if isinstance(node, ast.AnnAssign):
            target, value = node.target, node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and isinstance(target.elts[0], ast.Name):
            if target.elts[0].id == "title":
                yield from _texts(value.elts[:1])
        elif isinstance(target, ast.Name) and isinstance(value, ast.Dict) and target.id in {"options", "order_words"}:
            for choice in value.values:
                if isinstance(choice, ast.Tuple):
                    yield from _texts(choice.elts)


def model_messages() -> Iterator[str]:
    """Names, help texts and choices of models and of their fields that lists, filters and pages show."""
    yield from (str(apps.get_app_config(label).verbose_name) for label in sorted(APPS))
    for model, page in admin.site._registry.items():
        module = type(page).__module__
        if not module.startswith(CODE) or module.replace(".", "/").startswith(NOT_TRANSLATED):
            continue
        yield str(model._meta.verbose_name)
        yield str(model._meta.verbose_name_plural)
        for name in _shown_names(page):
            yield from _field_messages(model, name)


def _shown_names(page: Any) -> Iterator[str]:
    yield from (str(name) for name in page.list_display)
    yield from (str(entry[0] if isinstance(entry, tuple) else entry) for entry in page.list_filter)
    fields = page.fields or [name for _title, options in page.fieldsets or () for name in options["fields"]]
    for entry in [*fields, *page.readonly_fields]:
        yield from entry if isinstance(entry, list | tuple) else [str(entry)]


def _field_messages(model: type[Model], name: str) -> Iterator[str]:
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return
    if hasattr(field, "verbose_name") and not _is_of_django(model, name):
        yield str(field.verbose_name)
        if field.help_text:
            yield str(field.help_text)
        yield from (str(label) for _value, label in field.flatchoices)


def _is_of_django(model: type[Model], name: str) -> bool:
    """True for a field that comes from a class of Django, such as a user's name: Django has translated it."""
    bases = (base for base in model.__mro__ if base.__module__.startswith("django.") and hasattr(base, "_meta"))
    return any(field.name == name for base in bases for field in base._meta.fields)


def catalog_path(language: str) -> Path:
    """The file of a language's catalogue."""
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read_catalog(language: str) -> Catalog:
    """The catalogue of a language."""
    with catalog_path(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as Django reads it."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def update(language: str, template: Catalog) -> None:
    """Add new words to a language's catalogue, without a translation; remove those that are gone; compile it."""
    path = catalog_path(language)
    catalog = read_catalog(language) if path.exists() else Catalog(locale=language, project="Regulars", fuzzy=False)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False, omit_header=False)
    path.with_suffix(".mo").write_bytes(compiled(catalog))
    missing = sum(1 for message in catalog if message.id and not message.string)
    print(f"{path.relative_to(ROOT)}: {len(catalog)} words, {missing} without a translation")  # noqa: T201 - for the caller


def main() -> None:
    """Update and compile all catalogues."""
    template = collect()
    for language in LANGUAGES:
        update(language, template)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty_project.settings")
    django.setup()
    main()
