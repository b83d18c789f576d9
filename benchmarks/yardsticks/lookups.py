"""Yardstick of the database: prepared point look-ups on one connection, one after the other."""

import time
from collections.abc import Sequence
from random import Random
from typing import Final

import psycopg

_WARM_UP: Final = 200
_LOOKUP: Final = """
SELECT customer_id FROM customers_identifier WHERE organization_id = %s AND kind = 'mobile' AND value = %s AND exclusive
"""


def lookups_a_second(database: str, *, organization: int, values: Sequence[str], seconds: float) -> float:
    """How often a second one of these mobiles, taken at random, is found."""
    chance = Random(0)
    with psycopg.connect(database, autocommit=True, prepare_threshold=0) as connection:
        for _ in range(_WARM_UP):
            connection.execute(_LOOKUP, [organization, chance.choice(values)]).fetchall()
        done, begun = 0, time.perf_counter()
        while (passed := time.perf_counter() - begun) < seconds:
            connection.execute(_LOOKUP, [organization, chance.choice(values)]).fetchall()
            done += 1
        return done / passed
