"""Answers about many customers, composed of sections that each load their part for all customers at once.

A section takes the ids and what the call asks for, and returns a payload by id. It never gets a single customer, so a query
for each customer cannot be written by accident.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

Asked = TypeVar("Asked")
Payload = Mapping[str, Any]
Section = Callable[[Sequence[int], Asked], Mapping[int, Payload]]


def assemble(
    ids: Sequence[int], asked: Asked, *, sections: Iterable[Section[Asked]], order: Mapping[str, Any]
) -> dict[int, dict[str, Any]]:
    """Payloads by id, with the keys of `order` in that order and its values as defaults.

    A key whose default is `Ellipsis` is left out unless a section gives it. An id that no section returns is absent.
    """
    gathered: dict[int, dict[str, Any]] = {}
    for section in sections:
        for customer_id, payload in section(ids, asked).items():
            gathered.setdefault(customer_id, {}).update(payload)
    return {
        customer_id: {
            key: payload.get(key, default) for key, default in order.items() if key in payload or default is not Ellipsis
        }
        for customer_id, payload in gathered.items()
    }
