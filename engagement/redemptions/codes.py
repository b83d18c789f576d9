"""Codes and sentences of redemptions and their reversals (docs/protocol.md, tills' part 6.2).

They have this meaning only in these calls; customer calls and imports have codes of their own.
"""

from collections.abc import Mapping
from enum import unique
from typing import Final

from loyalty_project.protocol.codes import CodeTable


@unique
class PointsCode(CodeTable):
    """The codes of redemptions, of their reversals and of validation codes, in ascending order."""

    CODE_ISSUED = 200, "Validation Code Issued by SMS"
    DONE = 800, "Points Redeemed"
    INVALID_POINTS = 801, "Invalid points"
    INVALID_CUSTOMER = 802, "Invalid customer identifier"
    NOT_A_MULTIPLE = 807, "Points must be a multiple of {x}"
    INVALID_VALIDATION_CODE = 808, "Invalid validation code"
    FRAUD = 809, "Customer is marked as fraud"
    ABOVE_REDEMPTION = 810, "Points do not match the redemption"
    ALREADY_REVERSED = 812, "Already reversed"
    NOTHING_ON_BILL = 814, "No points redeemed on this bill"
    CUSTOMER_NOT_FOUND = 816, "Customer not found for organization"
    INSUFFICIENT_POINTS = 818, "Insufficient points"
    ABOVE_DAILY_LIMIT = 819, "Points exceed the limit"
    BELOW_MINIMUM = 821, "Points are below the minimum"
    NO_MISSED_CALL = 823, "Missed call is not available"
    VALIDATION_CODE_REQUIRED = 824, "Validation code is required"
    NO_GROUP_REDEMPTION = 828, "Group redemption is not available"
    INVALID_TIME = 859, "Invalid redemption time"
    CODE_NOT_ISSUED = 860, "Unable to issue validation code"
    NOT_TIED = 873, "Invalid transaction number"
    CODE_NOT_ISSUED_TOO = 876, "Validation code not issued"
    INVALID_PRECISION = 878, "Invalid decimal precision in points"
    NOT_IN_PROGRAM = 881, "Customer is not in the loyalty program"
    NO_ACTIVE_PROGRAM = 895, "No active loyalty program"
    INVALID_REDEMPTION = 901, "Invalid points or redemption id"
    REDEMPTION_NOT_FOUND = 902, "Redemption not found"
    REFERENCE_USED = 903, "Reference number already used"
    OTHER_CUSTOMERS = 904, "Customer does not match"
    REVERSAL_DISABLED = 905, "Reversal is disabled"
    INVALID_PROGRAM = 1101, "Invalid program id"
    BLOCKED_BY_STATUS = 3045, "Redemption not allowed in this customer status"


# Constraints that races break, with the code of the later call.
CONSTRAINTS: Final[Mapping[str, PointsCode]] = {
    "points_balance_above_floor": PointsCode.INSUFFICIENT_POINTS,
    "points_entry_reference_unique": PointsCode.REFERENCE_USED,
    "redemption_reversed_within_points": PointsCode.ABOVE_REDEMPTION,
}
