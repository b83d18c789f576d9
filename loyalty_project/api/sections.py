"""How is an answer about many customers put together? By sections: each loads its part for all of them at once.

A section takes the ids and what the call asked for, and gives a payload by id; it never sees one customer alone, so one query
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
    """The payloads by id. `order` names the keys in their order, with the value of those that no section gave.

    A key whose value in `order` is `Ellipsis` is left out unless a section gives it. An id that no section knows is absent.
    """
    gathered: dict[int, dict[str, Any]] = {}
    for section in sections:
        for one, payload in section(ids, asked).items():
            gathered.setdefault(one, {}).update(payload)
    return {
        one: {key: found.get(key, default) for key, default in order.items() if key in found or default is not Ellipsis}
        for one, found in gathered.items()
    }
