"""Codes of coupons from the system's secure random source, without letters and digits that look alike.

A coupon that is issued to a customer helps nobody else: its code has the eight characters of docs/protocol.md, tills' part 5.3.
A printed code is good for anyone who has it: its twelve characters are 60 random bits.
"""

import os
from typing import Final

from engagement.coupons.codes import CouponCode
from engagement.coupons.lookup import coupons_of_codes
from engagement.coupons.rules import folded
from loyalty_project.protocol.errors import LoyaltyError

# No I, O, 0 and 1. A power of two, so that each character has the same chance.
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
ISSUED_LENGTH: Final = 8
PRINTED_LENGTH: Final = 12
_MOST_DRAWS: Final = 10
_CHARACTER_OF_BYTE: Final = (ALPHABET * (256 // len(ALPHABET))).encode()


def draw_codes(count: int, *, length: int = ISSUED_LENGTH) -> list[str]:
    """Draw `count` codes that no coupon of the scope's organization has. One query, and another after a collision.

    A race breaks `coupon_code_unique`. Raises `LoyaltyError` 722 if the free codes are too few to be found.
    """
    free: set[str] = set()
    for _ in range(_MOST_DRAWS):
        drawn = _draw(count - len(free), length)
        free |= drawn.difference(map(folded, coupons_of_codes(drawn).values_list("code", flat=True)))
        if len(free) == count:
            return list(free)
    raise LoyaltyError(CouponCode.NOT_CREATED)


def _draw(count: int, length: int) -> set[str]:
    characters = os.urandom(count * length).translate(_CHARACTER_OF_BYTE).decode()
    return {characters[start : start + length] for start in range(0, count * length, length)}
