"""Calls of several processes while the configuration changes all the time.

The processes share a board, a file of numbers in their memory: for each kind of change the number that was committed last, and
for each process the calls that it has made. A process notes the committed numbers, makes a call, and compares: what the call
worked by must not be older.
"""

import mmap
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.programs.catalog import load_catalog
from engagement.programs.models import Program, Tier
from organizations.api.views import TillView
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.locations import TILL_PASSWORD, digest

PROCESSES: Final = 4
TILL: Final = "mgroad.till1"
# A number that only changes have which are taken back.
TAKEN_BACK: Final = 900_000_000
UNLIMITED: Final = {"RATE_LIMIT_PER_MINUTE": 10_000_000}
_EACH_TAKEN_BACK: Final = 10
_WIDTH: Final = 8


# Kinds of changes: each writes a number into one table of the scope's organization.
CHANGES: Final[dict[str, Callable[[int], object]]] = {
    "policy": lambda number: Organization.objects.update(flags={**UNLIMITED, "CONF_CARD_NUMBER_OFFSET": number}),
    "till": lambda number: Till.objects.filter(code=TILL).update(name=str(number)),
    "store": lambda number: Store.objects.update(name=str(number)),
    "program": lambda number: Program.objects.update(description=str(number)),
    "tier": lambda number: Tier.objects.update(description=str(number)),
    "field": lambda number: FieldDefinition.objects.update(max_length=number),
}


class Board:
    """The numbers that the processes share."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(_WIDTH * (1 + len(CHANGES) + 3 * PROCESSES)))
        with file.open("r+b") as opened:
            self._numbers = memoryview(mmap.mmap(opened.fileno(), 0)).cast("q")

    @property
    def is_over(self) -> bool:
        return bool(self._numbers[0])

    def end(self) -> None:
        self._numbers[0] = 1

    def commit(self, kind: str, number: int) -> None:
        """Note that the change with this number is committed."""
        self._numbers[1 + list(CHANGES).index(kind)] = number

    def committed(self) -> dict[str, int]:
        return dict(zip(CHANGES, self._numbers[1 : 1 + len(CHANGES)], strict=True))

    def count(self, process: int, *, stale: int, taken_back: int) -> None:
        """Count a call of the process, the numbers in its answer that were stale, and those that were never committed."""
        start = 1 + len(CHANGES) + 3 * process
        for position, counted in enumerate((1, stale, taken_back)):
            self._numbers[start + position] += counted

    def counts(self, process: int) -> tuple[int, int, int]:
        """Calls, stale numbers and numbers taken back of the process."""
        start = 1 + len(CHANGES) + 3 * process
        calls, stale, taken_back = self._numbers[start : start + 3]
        return calls, stale, taken_back


class ConfigurationView(TillView):
    """Answers the numbers of the configuration that the call works by."""

    def get(self, _: Request) -> Response:
        call = self.call
        assert call.actor.till
        assert call.actor.store
        (current,) = call.configuration.part(load_catalog).active
        (field,) = call.configuration.part(load_fields)
        numbers = {
            "policy": call.policy.number_offset,
            "till": call.actor.till.name,
            "store": call.actor.store.name,
            "program": current.program.description,
            "tier": current.tiers[0].description,
            "field": field.max_length,
        }
        return Response({"response": {kind: str(number) for kind, number in numbers.items()}})


def load_fields() -> list[FieldDefinition]:
    return list(FieldDefinition.objects.all())


urlpatterns = [path("admin/", admin.site.urls), path("v1.1/customer/configuration", ConfigurationView.as_view())]


def answer_calls(file: str, process: int) -> None:
    """Make calls until the board says that it is over. Every tenth call follows a change that is taken back."""
    board = Board(Path(file))
    credential = "Basic " + b64encode(f"{TILL}:{digest(TILL_PASSWORD)}".encode()).decode()
    client = Client(headers={"Authorization": credential, "Host": "127.0.0.1"})
    kinds = _endlessly(CHANGES)
    with override_settings(ROOT_URLCONF=__name__):
        while not board.is_over:
            if board.counts(process)[0] % _EACH_TAKEN_BACK == _EACH_TAKEN_BACK - 1:
                with _taken_back(next(kinds)):
                    client.get("/v1.1/customer/configuration")
            committed = board.committed()
            seen = _numbers_of(client.get("/v1.1/customer/configuration"))
            board.count(
                process,
                stale=sum(seen[kind] < number for kind, number in committed.items()),
                taken_back=sum(number == TAKEN_BACK for number in seen.values()),
            )


@contextmanager
def _taken_back(kind: str) -> Iterator[None]:
    organization = Organization.objects.get()
    with transaction.atomic(), organization_scope(organization):
        CHANGES[kind](TAKEN_BACK)
        yield
        transaction.set_rollback(True)


def _numbers_of(answer: Any) -> dict[str, int]:
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 200, answer.content
    return {kind: int(number) for kind, number in answer.json()["response"].items()}  # type: ignore[attr-defined]


def _endlessly(kinds: dict[str, Any]) -> Iterator[str]:
    while True:
        yield from kinds
