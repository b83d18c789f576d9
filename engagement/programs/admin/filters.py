"""List filters by program."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from engagement.programs.models import Program


class ProgramFilter(DropdownFilter):
    """By program. A subclass says where it stands (`path`)."""

    title = "program"
    parameter_name = "program"
    path = "program"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(str(pk), name) for pk, name in Program.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002 - Django's signature
        value = self.value()
        return queryset.filter(**{f"{self.path}_id": value}) if value and value.isdigit() else queryset


class AccountProgramFilter(ProgramFilter):
    """By the program of the row's account."""

    path = "account__program"
