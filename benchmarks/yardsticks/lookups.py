"""Yardstick of the database: prepared point lookups on one connection, one after the other."""

import time
from random import Random

import psycopg

_WARM_UP = 200


def lookups_a_second(database: str, *, statement: str, values: list[str], seconds: float) -> float:
    """How often a second `statement` finds one of `values`, taken at random."""
    chance = Random(0)
    with psycopg.connect(database, autocommit=True, prepare_threshold=0) as connection:
        for _ in range(_WARM_UP):
            connection.execute(statement, [chance.choice(values)]).fetchall()
        done, begun = 0, time.perf_counter()
        while (passed := time.perf_counter() - begun) < seconds:
            connection.execute(statement, [chance.choice(values)]).fetchall()
            done += 1
        return done / passed
