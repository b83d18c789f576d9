"""How are rows found by many values at once? With one array parameter, so that the statement is the same for any number."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import F, Func, Value


def is_any_of(name: str, values: Iterable[Any], one: "models.Field[Any, Any]") -> Func:
    """The condition that the column `name`, of `one`'s type, has one of the values: for `filter()`, as `name = ANY(values)`.

    Where `name__in` sends a parameter for each value, this sends one, and PostgreSQL prepares the statement once.
    """
    return Func(
        F(name),
        Value(list(values), output_field=ArrayField(one)),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=models.BooleanField(),
    )
