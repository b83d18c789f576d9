"""What may be redeemed, and what is it worth? The rules on points that a till sends, as pure functions (tills' part 1.3, 4)."""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagement.numbers.decimals import decimal
from engagement.numbers.rounding import MOST_POINTS, share
from engagement.redemptions.codes import PointsCode
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall, read_moment
from loyalty_project.protocol.numbers import plain_digits

MOST_DECIMALS = 3
MOST_DAYS_AHEAD = timedelta(days=1)
ZERO = Decimal(0)
UTC_ZONE = ZoneInfo("UTC")
_NUMBER = re.compile(r"\+?(?:\d{1,15}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)
_OFFSET = re.compile(r":\d{2}(?:[.,]\d+)?\s*[+-]\d{2}:?\d{2}$", re.ASCII)


def read_points(text: str) -> Decimal:
    """Points above 0 with as many decimals as they are written with. Raises `LoyaltyError` 801."""
    given = text.strip()
    points = Decimal(given) if _NUMBER.fullmatch(given) else ZERO
    if points <= 0:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    return points


def check_precision(points: Decimal, precision: int = MOST_DECIMALS) -> Decimal:
    """The points, which have no digit behind the program's last decimal. Raises `LoyaltyError` 878."""
    cut = points.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_CEILING)
    if cut != points:
        raise LoyaltyError(PointsCode.INVALID_PRECISION)
    return cut


def points_worth(money: Decimal, rules: Mapping[str, Any]) -> Decimal:
    """The points (rounded up to the program's precision) that pay for `money` (> 0). Raises `LoyaltyError` 801.

    A program whose points are worth nothing pays for nothing.
    """
    ratio = ratio_of(rules)
    exact = share(money, Decimal(1), ratio) if ratio else MOST_POINTS + 1
    if exact > MOST_POINTS:
        raise LoyaltyError(PointsCode.INVALID_POINTS)
    return exact.quantize(Decimal(1).scaleb(-precision_of(rules)), rounding=ROUND_CEILING)


def value_of(points: Decimal, rules: Mapping[str, Any]) -> Decimal:
    """What the points are worth in money."""
    return points * ratio_of(rules)


def ratio_of(rules: Mapping[str, Any]) -> Decimal:
    """What one point is worth in money; 0 where the program does not say."""
    return decimal(rules.get("points_to_currency")) or ZERO


def precision_of(rules: Mapping[str, Any]) -> int:
    """The decimals of a point."""
    precision: int = rules.get("precision", 0)
    return precision


def check_limits(points: Decimal, rules: Mapping[str, Any], *, spent_today: Decimal) -> None:
    """Whether the program lets so many points go at once, and on this day. Raises `LoyaltyError` 821, 807 or 819."""
    limits: Mapping[str, Any] = rules.get("redemption") or {}
    least, step, most = (decimal(limits.get(name)) for name in ("min_points", "multiple_of", "max_points_per_day"))
    if least is not None and points < least:
        raise LoyaltyError(PointsCode.BELOW_MINIMUM)
    if step and points % step:
        raise LoyaltyError(PointsCode.NOT_A_MULTIPLE, x=plain_digits(step))
    if most is not None and spent_today + points > most:
        raise LoyaltyError(PointsCode.ABOVE_DAILY_LIMIT)


def read_redemption_time(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """When the points were spent; `now` where nothing is stated (docs/protocol.md 1.8).

    With an offset only the date is kept; a time that ends in Z is UTC; any other is wall time in `zone`. Raises `LoyaltyError`
    859 for what is no time, or more than a day ahead.
    """
    given = text.strip()
    if not given:
        return now
    moment = read_moment(given, UTC_ZONE if given[-1:] in "Zz" else zone)
    if moment is not None and _OFFSET.search(given):
        moment = from_wall(datetime.combine(moment.astimezone(zone).date(), time.min), zone)
    if moment is None or moment > now + MOST_DAYS_AHEAD:
        raise LoyaltyError(PointsCode.INVALID_TIME)
    return moment


def start_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) of the day that `moment` lies in."""
    return from_wall(datetime.combine(moment.astimezone(zone).date(), time.min), zone)
