"""System checks of admin classes: filters describe their parameters, no list names a secret, lines on phones are sound."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error
from unfold.checks import UnfoldModelAdminChecks

from organizations.back_office.secret_columns import names_secret


class BackOfficeChecks(UnfoldModelAdminChecks):
    """The checks of Django and Unfold, and those of this module."""

    def check(self, admin_obj: Any, **kwargs: Any) -> Any:
        return [
            *super().check(admin_obj, **kwargs),
            *(
                Error(
                    f"The list filter {path or kind.__name__} lacks `parameters` or `describe`.",
                    hint="Use a filter of organizations.back_office.filters.",
                    obj=admin_obj.__class__,
                    id="back_office.E001",
                )
                for path, kind in _filters(admin_obj)
                if not (hasattr(kind, "parameters") and hasattr(kind, "describe"))
            ),
            *(
                Error(f"The list names the secret {path}.", obj=admin_obj.__class__, id="back_office.E002")
                for path in _paths(admin_obj)
                if names_secret(path)
            ),
            *(Error(problem, obj=admin_obj.__class__, id="back_office.E003") for problem in _problems_of_lines(admin_obj)),
        ]


def _filters(admin_obj: Any) -> Iterator[tuple[str, Any]]:
    for entry in admin_obj.list_filter:
        yield entry if isinstance(entry, tuple) else ("", entry)


def _problems_of_lines(admin_obj: Any) -> Iterator[str]:
    """What is wrong with the lines of a row on a narrow screen."""
    if admin_obj.phone_lines is None:
        return
    shown = {column for line in admin_obj.phone_lines for column in line}
    for column in sorted(shown.difference(admin_obj.list_display)):
        yield f"phone_lines has {column}, which list_display does not have."
    links = admin_obj.list_display_links
    if links is not None and shown.isdisjoint(links or admin_obj.list_display[:1]):
        yield "phone_lines has no column that leads to the row."


def _paths(admin_obj: Any) -> Iterator[str]:
    """Every path by which the list filters, searches, sorts or shows rows."""
    for path, kind in _filters(admin_obj):
        yield from (path, str(getattr(kind, "path", "")), str(getattr(kind, "parameter_name", "")))
    for path in (*admin_obj.search_fields, *admin_obj.list_display, *(admin_obj.ordering or ())):
        if isinstance(path, str):
            yield path
            column = getattr(admin_obj, path, None)
            yield str(getattr(column, "admin_order_field", ""))
