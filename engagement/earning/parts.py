"""Parts of a bill's points that came from some of its lines, and what of them a return claims (docs/protocol.md 7, "Returns").

Pure functions. Points that are in no part came from the whole bill.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from engagement.numbers.rounding import divided, round_points, share
from loyalty_project.protocol.numbers import plain_digits

ZERO = Decimal(0)


class LinePart(NamedTuple):
    """Points that came from the lines at these positions."""

    points: Decimal
    positions: tuple[int, ...]


def share_out(points: Decimal, *, among: Sequence[tuple[Decimal, Sequence[LinePart]]], precision: int) -> list[LinePart]:
    """Parts of the points of a multiplier, in proportion of the points that it multiplied, which it shares exactly.

    `among` are these points, award by award, each with its own parts.
    """
    pieces = [LinePart(award - sum((part.points for part in parts), ZERO), ()) for award, parts in among]
    pieces += [part for _, parts in among for part in parts]
    shares = divided(points, [piece.points for piece in pieces], precision=precision)
    return [LinePart(part, piece.positions) for part, piece in zip(shares, pieces, strict=True) if piece.positions and part]


def parts_as_json(parts: Iterable[LinePart]) -> list[dict[str, Any]]:
    """The parts as a bill's points store them; those of the same lines are one."""
    sums: defaultdict[tuple[int, ...], Decimal] = defaultdict(Decimal)
    for part in parts:
        sums[part.positions] += part.points
    return [{"points": plain_digits(points), "lines": list(positions)} for positions, points in sums.items()]


def parts_of_json(stored: Iterable[Mapping[str, Any]]) -> list[LinePart]:
    """The parts that `parts_as_json` made."""
    return [LinePart(Decimal(part["points"]), tuple(part["lines"])) for part in stored]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """What has come back of a sale: of its `amount`, and of each of its lines by position. `sold` are the lines' amounts."""

    amount: Decimal
    returned: Decimal
    sold: Mapping[int, Decimal]
    lines: Mapping[int, Decimal]


def claim_of(issued: Decimal, parts: Sequence[LinePart], back: CameBack, *, precision: int) -> Decimal:
    """Points to be taken back in all after a return; all of them if the sale has come back whole, or nothing was paid for it.

    Points of the whole bill are claimed in proportion of its amount. Those of lines are too, unless the lines that came back
    are known: then in proportion of the part of the lines' amount.
    """
    if back.returned >= back.amount:
        return issued
    if not parts or sum(back.lines.values(), ZERO) != back.returned:
        return round_points(share(issued, back.returned, back.amount), precision)
    of_bill = issued - sum((part.points for part in parts), ZERO)
    claim = share(of_bill, back.returned, back.amount)
    for part in parts:
        sold = sum((back.sold[position] for position in part.positions), ZERO)
        claim += share(part.points, sum((back.lines.get(position, ZERO) for position in part.positions), ZERO), sold)
    return round_points(claim, precision)
