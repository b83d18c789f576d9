"""Floors of the yardsticks: a share of the speed that was measured on two idle cores.

If a yardstick is below its floor, the machine was busy or the yardstick is broken, and the ratio is better than the truth.
"""

# Measured with two shared cores, each way of working by itself.
LOOKUPS = 3_500  # prepared point lookups a second through psycopg, one connection
WSGI_WITH_ONE_LOOKUP = 4_270  # calls a second
TRANSACTIONS = 1_700  # a second, each with a write that reaches the disk
COPIED_CUSTOMERS = 9_000  # a second, with three identifiers and an audit entry each, with all indexes
TOLERANCE = 0.3


def floor_of_calls(*, statements: int, transactions: int = 0) -> float:
    """Floor for a bare server in calls a second, each with this many statements and transactions.

    It assumes that calls are answered one after the other, because the second core makes the load.
    """
    seconds = 1 / WSGI_WITH_ONE_LOOKUP + (statements - 1) / LOOKUPS + transactions / TRANSACTIONS
    return TOLERANCE / seconds
