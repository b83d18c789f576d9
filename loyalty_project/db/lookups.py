"""Conditions on many values with one array parameter: the statement is the same for any number of values."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import F, Func, Value


def is_any_of(name: str, values: Iterable[Any], field: "models.Field[Any, Any]") -> Func:
    """The condition `name = ANY(values)` for `filter()`; `field` gives the type of the column.

    `name__in` sends a parameter for each value. This sends one array, and PostgreSQL prepares the statement once.
    """
    return Func(
        F(name),
        Value(list(values), output_field=ArrayField(field)),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=models.BooleanField(),
    )
