"""Rows that the page of another row shows."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet


class ShownFormSet(PaginationInlineFormSet):
    """Rows that are shown. Nothing that a browser sends about them is read, so that a forged count of rows costs nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{name: value for name, value in kwargs.items() if name not in {"data", "files"}})

    def is_valid(self) -> bool:
        return True

    def save(self, commit: bool = True) -> list[Any]:  # noqa: ARG002, FBT001, FBT002 - Django's signature
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []


class ShownRows(TabularInline):
    """Rows in a table, read-only; each has a page of its own."""

    formset: Any = ShownFormSet
    show_change_link = True
    can_delete = False
    extra = 0
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
