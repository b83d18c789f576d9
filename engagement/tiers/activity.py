"""What members did in their programs, read for the evaluation of tiers: bills, returns and points in the order of time."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from engagement.programs.rules import TrackerType
from engagement.tiers.rules import BALANCE, LIFETIME, Activity, Figures
from loyalty_project.db.arrays import id_array, moment_array
from organizations.tenancy.statements import fetch_rows

# Amount, quantity and number of the lines of a bill.
LineSums = tuple[Decimal, Decimal, int]
# Kinds of ledger entries that are points earned, and those that count in the lifetime figure.
_EARNED: Final = frozenset({"AWARD", "RELEASE", "RETURN"})
_LIFETIME: Final = frozenset({"AWARD", "RELEASE"})

# Sums over the lines of a bill, net for a return.
LINES: Final = """LATERAL (
        SELECT sum(line.amount) AS amount, sum(line.quantity) AS quantity, count(*) AS lines
        FROM engagement_billline AS line
        WHERE line.organization_id = %(organization)s AND line.bill_id = bill.id
    ) AS line"""
_NO_LINES: Final = "LATERAL (SELECT 0 AS amount, 0 AS quantity, 0 AS lines) AS line"
# The bills of `account` from `since` on, in the order of `activity_of_row`: returns where their sale counted. Of one moment
# a bill comes before its points, and these by their `position`.
_BILLS: Final = """
    SELECT account.id AS account_id, bill.billed_at AS at, bill.id AS bill_id,
        sign * bill.amount AS amount, sign * bill.discount AS discount, sign * bill.gross_amount AS gross_amount,
        greatest(sign, 0) AS visits,
        coalesce(sign * line.amount, 0) AS line_amount, coalesce(sign * line.quantity, 0) AS quantity,
        sign * line.lines AS lines, 0 AS earned, 0 AS lifetime, 0 AS balance, 0 AS position
    FROM given JOIN engagement_pointsaccount AS account
        ON account.organization_id = %(organization)s AND account.id = given.account_id
    JOIN engagement_bill AS bill ON bill.organization_id = %(organization)s AND bill.customer_id = account.customer_id
        AND bill.billed_at >= given.since AND bill.outlier_status = 'NORMAL' AND bill.type IN ('REGULAR', 'RETURN', 'MIXED')
    CROSS JOIN LATERAL (SELECT CASE bill.type WHEN 'RETURN' THEN -1 ELSE 1 END AS sign) AS signed
    CROSS JOIN {lines}
    WHERE EXISTS (
        SELECT FROM engagement_billpoints AS counted
        WHERE counted.organization_id = %(organization)s AND counted.account_id = account.id
            AND counted.bill_id IN (bill.id, bill.return_of_id)
    )"""
_POINTS: Final = """
    SELECT entry.account_id, entry.occurred_at, entry.bill_id, 0, 0, 0, 0, 0, 0, 0,
        CASE WHEN entry.kind IN ('AWARD', 'RELEASE', 'RETURN') THEN entry.points ELSE 0 END,
        CASE WHEN entry.kind IN ('AWARD', 'RELEASE') THEN entry.points ELSE 0 END,
        entry.points, entry.version
    FROM given JOIN engagement_pointsentry AS entry
        ON entry.organization_id = %(organization)s AND entry.account_id = given.account_id
        AND entry.occurred_at >= given.since AND entry.points <> 0"""
_GIVEN: Final = """WITH given AS MATERIALIZED (
    SELECT * FROM unnest((SELECT %(accounts)s::bigint[]), %(since)s::timestamptz[]) AS given (account_id, since)
)"""


# All activities of the accounts `given`, as the source of rows of a read.
ACTIVITIES_OF_GIVEN: Final = f"{_BILLS.format(lines=LINES)} UNION ALL {_POINTS}"


def _statement(*, points: bool, lines: bool) -> str:
    parts = [_BILLS.format(lines=LINES if lines else _NO_LINES), *([_POINTS] if points else [])]
    return f"{_GIVEN}{' UNION ALL '.join(parts)} ORDER BY at, bill_id NULLS FIRST, position"


_STATEMENTS: Final = {
    (points, lines): _statement(points=points, lines=lines) for points in (False, True) for lines in (False, True)
}
_LINE_SUMS: Final = f"""SELECT bill.id, coalesce(line.amount, 0), coalesce(line.quantity, 0), line.lines
FROM unnest(%(bills)s::bigint[]) AS bill (id) CROSS JOIN {LINES} WHERE %(organization)s IS NOT NULL"""  # noqa: S608 - constants


def read_activities(since: Mapping[int, datetime], *, points: bool, lines: bool) -> dict[int, list[Activity]]:
    """The stored activities of accounts (ids), each from its moment on, in the order of time: one statement.

    With `points` those of the ledger too, with `lines` the sums over lines of bills.
    """
    activities: dict[int, list[Activity]] = {account_id: [] for account_id in since}
    values = {"accounts": id_array(since), "since": moment_array(since.values())}
    for account_id, at, bill_id, *sums, _ in fetch_rows(_STATEMENTS[points, lines], values):
        append_activity(activities[account_id], activity_of_row(at, bill_id, sums))
    return activities


def append_activity(activities: list[Activity], following: Activity) -> None:
    """Append what follows in the order of time; the points of a bill are one with it."""
    whole = activities[-1].with_points(following) if activities else None
    if whole is None:
        activities.append(following)
    else:
        activities[-1] = whole


def activity_of_row(at: datetime, bill_id: int | None, sums: Iterable[Decimal | int | str]) -> Activity:
    """An activity from the columns of a row: those of bills, lines and points in their order."""
    amount, discount, gross, visits, line_amount, quantity, lines, earned, lifetime, balance = map(Decimal, sums)
    values = (
        (TrackerType.BILL_AMOUNT, amount),
        (TrackerType.BILL_DISCOUNT, discount),
        (TrackerType.BILL_GROSS_AMOUNT, gross),
        (TrackerType.CUSTOMER_VISITS, visits),
        (TrackerType.LINEITEM_AMOUNT, line_amount),
        (TrackerType.LINEITEM_QTY, quantity),
        (TrackerType.BILL_QUANTITY, quantity),
        (TrackerType.LINEITEM_COUNT, lines),
        (TrackerType.POINTS, earned),
        (LIFETIME, lifetime),
        (BALANCE, balance),
    )
    return Activity(at=at, bill_id=bill_id, figures={name: value for name, value in values if value})


def read_line_sums(bill_ids: Collection[int]) -> dict[int, LineSums]:
    """Amount, quantity and number of the lines of these bills: one statement."""
    return {row[0]: (row[1], row[2], row[3]) for row in fetch_rows(_LINE_SUMS, {"bills": list(bill_ids)})}


def figures_of_points(kind: str, points: Decimal) -> Figures:
    """What a ledger entry of this kind adds to the figures."""
    figures = {BALANCE: points}
    if kind in _EARNED:
        figures[TrackerType.POINTS] = points
    if kind in _LIFETIME:
        figures[LIFETIME] = points
    return figures
