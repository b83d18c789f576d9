"""The key of a points account: customer and program."""

from typing import NamedTuple


class AccountKey(NamedTuple):
    """Whose account, and in which program (ids)."""

    customer_id: int
    program_id: int
