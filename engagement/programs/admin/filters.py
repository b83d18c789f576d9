"""List filters by program."""

from collections.abc import Iterable

from django.http import HttpRequest

from engagement.programs.models import Program
from organizations.back_office.filters import RelatedRowFilter


class ProgramFilter(RelatedRowFilter):
    """By program."""

    title = parameter_name = path = "program"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return Program.objects.values_list("pk", "name")


class AccountProgramFilter(ProgramFilter):
    """By the program of the row's account."""

    path = "account__program"
