"""System checks of admin classes: filters declare and describe their parameters, and no list names a secret."""

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
        ]


def _filters(admin_obj: Any) -> Iterator[tuple[str, Any]]:
    for entry in admin_obj.list_filter:
        yield entry if isinstance(entry, tuple) else ("", entry)


def _paths(admin_obj: Any) -> Iterator[str]:
    """Every path by which the list filters, searches, sorts or shows rows."""
    for path, kind in _filters(admin_obj):
        yield from (path, str(getattr(kind, "path", "")), str(getattr(kind, "parameter_name", "")))
    for path in (*admin_obj.search_fields, *admin_obj.list_display, *(admin_obj.ordering or ())):
        if isinstance(path, str):
            yield path
            column = getattr(admin_obj, path, None)
            yield str(getattr(column, "admin_order_field", ""))
