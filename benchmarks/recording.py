"""Recording of the statements of a real call, so that a yardstick runs the same ones.

What belongs to the one customer of the call is replaced by placeholders (`{mobile}`, `{customer_id}`, ...), for which the
yardstick puts what belongs to its own customer.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Json, Jsonb

# Locks on identifier values (customers.registration.unit_of_work) are numbers from here on; the yardstick takes others.
_FIRST_LOCK = 1 << 62
_ID_COLUMNS = ("customer_id", "nextval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; `gives_id` is the column of its result with the customer's id, if any."""

    sql: str
    parameters: Any
    gives_id: int | None
    in_transaction: bool


@dataclass(slots=True)
class Recording:
    """The statements of one call: those outside of transactions, those of one item's transaction, and the answer."""

    statements: list[Statement] = field(default_factory=list)
    answer: str = ""

    def as_json(self, *, items: int = 1) -> str:
        """Input of `benchmarks.yardsticks.replay`; `items` is the number of equal items in the call."""
        in_items = [asdict(one) for one in self.statements if one.in_transaction]
        return json.dumps(
            {
                "call": [asdict(one) for one in self.statements if not one.in_transaction],
                "item": in_items[: len(in_items) // items],
                "answer": self.answer,
            }
        )

    def listen(self) -> AbstractContextManager[None]:
        """Record every statement of this thread's connection, with its parameters."""
        return connection.execute_wrapper(self._note)

    def _note(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's signature
        in_transaction = connection.in_atomic_block
        result = execute(sql, params, many, context)
        names = [column.name for column in context["cursor"].description or ()]
        gives_id = next((names.index(name) for name in _ID_COLUMNS if name in names), None)
        self.statements.append(Statement(sql=str(sql), parameters=params, gives_id=gives_id, in_transaction=in_transaction))
        return result

    def with_placeholders(self, customer: Mapping[str, object], customer_id: int) -> "Recording":
        """The same with placeholders for values of this customer."""
        known = {value: f"{{{name}}}" for name, value in customer.items() if isinstance(value, str)}
        known_ids = {customer_id: "{customer_id}"}
        return Recording(
            [
                Statement(
                    sql=one.sql,
                    parameters=generalized(one.parameters, {**known, **known_ids}),
                    gives_id=one.gives_id,
                    in_transaction=one.in_transaction,
                )
                for one in self.statements
            ],
            self.answer,
        )


def generalized(value: Any, known: Mapping[Any, str]) -> Any:
    """The parameters as JSON values: known texts and numbers as placeholders, locks as `{lock}`, JSON as `{"json": ...}`.

    Raises TypeError for what has no such form.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Json | Jsonb):
        return {"json": generalized(value.obj, known)}
    if isinstance(value, dict):
        return {key: generalized(one, known) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [generalized(one, known) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int):
        return "{lock}" if value >= _FIRST_LOCK else known.get(value, value)
    if isinstance(value, str):
        return known.get(value, value)
    raise TypeError(f"{type(value).__name__} among the parameters of a statement")
