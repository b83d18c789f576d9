"""Figures of a whole program: what its members were given, have used and may still spend."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from engagement.numbers.money import round_money
from engagement.points.models import PointsAccount
from engagement.programs.models import Program

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFigures:
    """Points of all members together.

    `issued` is all that was credited; `outstanding` what may be spent, without accounts below zero; `promised` what may not be
    spent yet. `liability` is the worth of the last two in the organization's currency, None if a point has no worth.
    """

    issued: Decimal
    redeemed: Decimal
    expired: Decimal
    returned: Decimal
    outstanding: Decimal
    promised: Decimal
    liability: Decimal | None


def read_figures(program: Program, *, ratio: Decimal, currency: str) -> ProgramFigures:
    """The figures of a program: one query over its accounts. `ratio` is what a point is worth."""
    sums = PointsAccount.objects.filter(program=program).aggregate(
        issued=Sum("lifetime"),
        redeemed=Sum("redeemed"),
        expired=Sum("expired"),
        returned=Sum("returned"),
        outstanding=Sum("balance", filter=Q(balance__gt=0)),
        promised=Sum("promised"),
    )
    points = {name: total or ZERO for name, total in sums.items()}
    worth = (points["outstanding"] + points["promised"]) * ratio
    return ProgramFigures(**points, liability=round_money(worth, currency) if ratio else None)
