"""Section `trackers` of customer/get: sums over bills or points in a window of time (docs/protocol.md 4.5).

They are computed when they are read, so late bills and returns need no correction.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.programs.asked import program_asked
from engagement.programs.catalog import ProgramCatalog, load_catalog
from engagement.programs.rules import TrackerRule
from engagement.programs.windows import first_day
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import plain_digits

Numbered = tuple[int, int, TrackerRule]


def trackers_of(catalog: ProgramCatalog, program_id: int | None = None) -> list[Numbered]:
    """The trackers of the active programs, or of one of them, with program id and number, in the order of print."""
    return [
        (current.program.pk, number, tracker)
        for current in catalog.active
        if program_id in {None, current.program.pk}
        for number, tracker in enumerate(current.rules.trackers, start=1)
    ]


def _parameters(reading: Reading) -> Mapping[str, Any]:
    rows = [
        {"program": program_id, "number": number, "measure": tracker.type, "first": first_day(tracker, reading.today)}
        for program_id, number, tracker in trackers_of(reading.part(load_catalog), program_asked(reading))
    ]
    return {"trackers": orjson.dumps(rows).decode(), "today": reading.today, "zone": reading.zone.key}


def _display(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    found = {(program_id, number): value for program_id, number, value in (orjson.loads(values[0]) if values[0] else ())}
    rows = [
        {
            "id": f"{program_id}-{number}",
            "name": tracker.name,
            "condition_id": str(number),
            "type": tracker.type,
            "value": plain_digits(Decimal(found[program_id, number])),
            "updated_on": write_moment(reading.now, reading.zone),
        }
        for program_id, number, tracker in trackers_of(reading.part(load_catalog), program_asked(reading))
        if (program_id, number) in found
    ]
    return {"trackers": {"tracker": rows}}


# Returns count against sales, where their sale did. Days are those of the organization's zone.
_BILLS: Final = """FROM engagement_bill AS bill {lines}
            WHERE bill.organization_id = %(organization)s AND bill.customer_id = customer.id
                AND bill.billed_on BETWEEN span.first AND %(today)s::date
                AND bill.outlier_status = 'NORMAL' AND bill.type IN ('REGULAR', 'RETURN', 'MIXED') AND EXISTS (
                    SELECT FROM engagement_billpoints AS counted
                    JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s
                        AND account.id = counted.account_id AND account.program_id = membership.program_id
                    WHERE counted.organization_id = %(organization)s AND counted.bill_id IN (bill.id, bill.return_of_id)
                )"""
_LINES: Final = "JOIN engagement_billline AS line ON line.organization_id = %(organization)s AND line.bill_id = bill.id"
_TRACKERS: Final = Section(
    columns=(
        f"""(
        SELECT json_agg(json_build_array(tracker.program, tracker.number, coalesce(measured.total, 0)::text))::text
        FROM engagement_membership AS membership
        JOIN jsonb_to_recordset(%(trackers)s::jsonb) AS tracker (program bigint, number integer, measure text, first date)
            ON tracker.program = membership.program_id
        CROSS JOIN LATERAL (
            SELECT coalesce(
                tracker.first, (coalesce(membership.tier_since, membership.enrolled_on) AT TIME ZONE %(zone)s)::date
            ) AS first
        ) AS span
        CROSS JOIN LATERAL (SELECT CASE
            WHEN tracker.measure = 'POINTS' THEN (
                SELECT sum(entry.points) FROM engagement_pointsaccount AS account
                JOIN engagement_pointsentry AS entry
                    ON entry.organization_id = %(organization)s AND entry.account_id = account.id
                WHERE account.organization_id = %(organization)s AND account.customer_id = customer.id
                    AND account.program_id = membership.program_id AND entry.kind IN ('AWARD', 'RELEASE', 'RETURN')
                    AND (entry.occurred_at AT TIME ZONE %(zone)s)::date BETWEEN span.first AND %(today)s::date
            )
            WHEN tracker.measure IN ('LINEITEM_AMOUNT', 'LINEITEM_QTY', 'BILL_QUANTITY', 'LINEITEM_COUNT') THEN (
                SELECT sum(CASE bill.type WHEN 'RETURN' THEN -1 ELSE 1 END * CASE tracker.measure
                    WHEN 'LINEITEM_AMOUNT' THEN line.amount WHEN 'LINEITEM_COUNT' THEN 1 ELSE line.quantity END)
                {_BILLS.format(lines=_LINES)}
            )
            ELSE (
                SELECT sum(CASE bill.type WHEN 'RETURN' THEN -1 ELSE 1 END * CASE tracker.measure
                    WHEN 'BILL_AMOUNT' THEN bill.amount
                    WHEN 'BILL_DISCOUNT' THEN bill.discount
                    WHEN 'BILL_GROSS_AMOUNT' THEN bill.gross_amount
                    WHEN 'CUSTOMER_VISITS' THEN (bill.type <> 'RETURN')::integer
                END)
                {_BILLS.format(lines="")}
            )
        END AS total) AS measured
        WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id
    )""",  # noqa: S608 - made of constants
    ),
    parameters=_parameters,
    display=_display,
    failure=Code.TRACKERS_FAILED,
)


def trackers(reading: Reading) -> Section | None:
    """`trackers`: values at this moment, if the query asks for them. Warning 1099 if they cannot be computed."""
    return _TRACKERS if reading.wants("tracker_info") and not reading.wants("basic") else None
