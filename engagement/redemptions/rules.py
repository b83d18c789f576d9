"""Rules of redemptions: points, limits, value and time (docs/protocol.md, tills' part 1.3, 4)."""

import re
from datetime import datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from engagement.numbers.rounding import MOST_POINTS, share
from engagement.programs.rules import ProgramRules, RedemptionLimits
from engagement.redemptions.codes import PointsCode
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall, read_stated_moment
from loyalty_project.protocol.numbers import plain_digits

MOST_DECIMALS = 3
MOST_DAYS_AHEAD = timedelta(days=1)
ZERO = Decimal(0)
_NUMBER = re.compile(r"\+?(?:\d{1,15}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)


def read_points(text: str) -> Decimal:
    """Points above 0, with the decimals of the text. Raises `LoyaltyError` 801."""
    given = text.strip()
    points = Decimal(given) if _NUMBER.fullmatch(given) else ZERO
    if points <= 0:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    return points


def check_precision(points: Decimal, precision: int = MOST_DECIMALS) -> Decimal:
    """The points, if they have no more decimals than the program. Raises `LoyaltyError` 878."""
    cut = points.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_CEILING)
    if cut != points:
        raise LoyaltyError(PointsCode.INVALID_PRECISION)
    return cut


def points_worth(money: Decimal, rules: ProgramRules) -> Decimal:
    """The points that pay for `money` (> 0), rounded up to the program's precision.

    Raises `LoyaltyError` 801, also for a program whose points have no value.
    """
    exact = share(money, Decimal(1), rules.ratio) if rules.ratio else MOST_POINTS + 1
    if exact > MOST_POINTS:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    return exact.quantize(Decimal(1).scaleb(-rules.precision), rounding=ROUND_CEILING)


def check_limits(points: Decimal, limits: RedemptionLimits, *, spent_today: Decimal) -> None:
    """Raise `LoyaltyError` 821, 807 or 819 if a limit of the program forbids to redeem `points`, at once or on this day."""
    if limits.min_points is not None and points < limits.min_points:
        raise LoyaltyError(PointsCode.BELOW_MINIMUM)
    if limits.multiple_of and points % limits.multiple_of:
        raise LoyaltyError(PointsCode.NOT_A_MULTIPLE, x=plain_digits(limits.multiple_of))
    if limits.max_points_per_day is not None and spent_today + points > limits.max_points_per_day:
        raise LoyaltyError(PointsCode.ABOVE_DAILY_LIMIT)


def read_redemption_time(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """The time of the redemption; `now` for a blank text (docs/protocol.md 1.8).

    Raises `LoyaltyError` 859 for a malformed time, or one more than a day ahead.
    """
    if not text.strip():
        return now
    moment = read_stated_moment(text, zone)
    if moment is None or moment > now + MOST_DAYS_AHEAD:
        raise LoyaltyError(PointsCode.INVALID_TIME)
    return moment


def start_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) of the day of `moment`."""
    return from_wall(datetime.combine(moment.astimezone(zone).date(), time.min), zone)
