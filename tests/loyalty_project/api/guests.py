"""Guests in a table of their own, for tests of batches: their names are unique, their ages above 0."""

from collections.abc import Iterator

from django.db import connection

from loyalty_project.protocol.outcomes import Done
from loyalty_project.protocol.values import Item


def make_table() -> Iterator[None]:
    """The table, while a test runs."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE guest (name text CONSTRAINT guest_name_once UNIQUE, age int CHECK (age > 0))")
        yield
        cursor.execute("DROP TABLE guest")


def execute(sql: str, *parameters: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def insert(item: Item) -> Done:
    """Work that stores a guest."""
    execute("INSERT INTO guest VALUES (%s, %s)", item["name"], int(item.get("age", 1)))
    return Done(body={"name": item["name"]}, message="Stored")


def names() -> list[str]:
    """The stored guests, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM guest ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


def state(sqlstate: str) -> str:
    """A statement that fails with this state."""
    return f"DO $$ BEGIN RAISE EXCEPTION 'spoiled' USING ERRCODE = '{sqlstate}'; END $$"
