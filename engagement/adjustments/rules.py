"""Rules of adjustments: who may adjust how many points alone, and which numbers of points are possible. Pure functions."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from engagement.numbers.display import format_points
from organizations.policies import REASON_SEPARATOR, Policy

# No adjustment is larger, whatever the limits: a slip of the keyboard is refused.
MOST_ADJUSTED: Final = Decimal(99_999_999)
# The last of the reasons of goodwill, which needs details.
OTHER_REASON: Final = "Another reason"
_LIMITS: Final[Mapping[str, Callable[[Policy], int]]] = {
    "store_staff": lambda policy: policy.adjustment_limit_of_store_staff,
    "store_manager": lambda policy: policy.adjustment_limit_of_store_managers,
    "care_agent": lambda policy: policy.adjustment_limit_of_care_agents,
    "org_admin": lambda policy: policy.adjustment_limit_of_administrators,
}


class AdjustmentRefusedError(ValueError):
    """The adjustment is not possible; the text is a sentence for staff, `field` the field that it is about ("": none).

    Nothing was changed.
    """

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


def limit_of(role: str, policy: Policy) -> Decimal:
    """The most points that a member of this role adjusts alone; 0: the role does not adjust points."""
    return Decimal(_LIMITS[role](policy)) if role in _LIMITS else Decimal(0)


def goodwill_reasons(policy: Policy) -> list[str]:
    """What staff choose from as the reason of goodwill: the organization's list, and another reason."""
    return [*(reason for reason in policy.goodwill_reasons.split(REASON_SEPARATOR) if reason != OTHER_REASON), OTHER_REASON]


def check_points(points: Decimal, *, precision: int) -> None:
    """Check the points of an adjustment against the program's precision. Raises `AdjustmentRefusedError`."""
    if not points:
        raise AdjustmentRefusedError("Enter a number of points other than 0.", field="points")
    if abs(points) > MOST_ADJUSTED:
        raise AdjustmentRefusedError(f"At most {format_points(MOST_ADJUSTED)} points can be adjusted at once.", field="points")
    if points != points.quantize(Decimal(1).scaleb(-precision)):
        raise AdjustmentRefusedError(f"The program allows {_decimals(precision)}.", field="points")


def _decimals(precision: int) -> str:
    return "whole points only" if not precision else f"at most {precision} decimal{'s' if precision > 1 else ''}"
