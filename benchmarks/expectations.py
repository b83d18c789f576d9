"""How fast must a yardstick be to be believed? A tolerant share of what two quiet cores were measured to do.

A yardstick below its floor says that the machine was busy with something else, or that the yardstick is broken: in both cases
the ratio beside it flatters us.
"""

# Measured with two shared cores, each way of working by itself.
LOOKUPS = 3_500  # prepared point lookups a second through psycopg, one connection
WSGI_WITH_ONE_LOOKUP = 4_270  # calls a second
TRANSACTIONS = 1_700  # a second, each with a write that reaches the disk
COPIED_CUSTOMERS = 9_000  # a second, with three identifiers and an audit entry each, all indexes standing
TOLERANCE = 0.3


def floor_of_calls(*, statements: int, transactions: int = 0) -> float:
    """The fewest calls a second that a bare server should make, each with so many statements and transactions.

    As if nothing of one call could be done beside another, which leaves the second core for the load.
    """
    seconds = 1 / WSGI_WITH_ONE_LOOKUP + (statements - 1) / LOOKUPS + transactions / TRANSACTIONS
    return TOLERANCE / seconds
