"""How is a fraction of a point cut? Once, always down (docs/protocol.md 2.7)."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal

# What a column of points holds: 15 digits before the point, 3 behind it.
MOST_DECIMALS = 3
MOST_POINTS = Decimal("999999999999999.999")
# Products of an amount and a rate keep every digit until they are rounded.
_EXACT = Context(prec=60)


class TooManyPointsError(ArithmeticError):
    """The points have more digits than a column holds (code 1087)."""


def round_points(points: Decimal, precision: int) -> Decimal:
    """The points (>= 0) with `precision` decimals (0 to 3), what is beyond cut off. Raises `TooManyPointsError`."""
    if points > MOST_POINTS:
        raise TooManyPointsError
    return points.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_FLOOR, context=_EXACT)


def share(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    """whole x part / of, to more digits than any rounding needs (`of` > 0)."""
    return _EXACT.divide(_EXACT.multiply(whole, part), of)


def divided(points: Decimal, weights: Sequence[Decimal], *, precision: int) -> list[Decimal]:
    """The points in proportion of the weights (some above 0), each rounded down so that all together are the points exactly."""
    whole = sum(weights, Decimal(0))
    reached = before = Decimal(0)
    parts: list[Decimal] = []
    for weight in weights:
        reached += weight
        until = points if reached == whole else round_points(share(points, reached, whole), precision)
        parts.append(until - before)
        before = until
    return parts
