"""Section of customer/get about promotional points (docs/protocol.md 4.5)."""

from decimal import Decimal
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.points import payloads
from engagement.points.ledger.posting import AccountState
from engagement.points.lot_rows import LOT, day_of, read_lot
from engagement.points.models import PointsAccount
from engagement.points.moved_accounts import OWN_ACCOUNTS
from engagement.programs.asked import program_parameter
from engagement.programs.catalog import load_catalog
from loyalty_project.db.instances import read_instance
from loyalty_project.protocol.codes import Code
from organizations.locations.names import load_names

MOST_PROMOTIONS: Final = 1000


def _display_promotions(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if values is None:
        return {}
    rows: dict[str, list[dict[str, Any]]] = {"customer": [], "transactions": [], "lineitems": []}
    given = orjson.loads(values[0]) if values[0] else ()
    for program_id, lines, till_id, billed_on, earned_on, tier_ends, *lot_values in given:
        state = AccountState(
            account=read_instance(PointsAccount, last_active_on=day_of(billed_on), last_earned_on=day_of(earned_on)),
            zone=reading.zone,
            tier_ends=day_of(tier_ends),
        )
        lot = read_lot(lot_values)
        row = payloads.promotion_row(lot, state, till=reading.part(load_names).till(till_id))
        if lines:
            weights = [(pk, Decimal(amount)) for pk, amount in lines]
            precision = reading.part(load_catalog).by_id[program_id].rules.precision
            rows["lineitems"] += payloads.line_rows(row, lot, weights, precision=precision)
        else:
            rows["transactions" if lot.bill_id else "customer"].append(row)
    return {
        "promotion_points": {
            "customer": {"item": rows["customer"]},
            "transactions": {"item": rows["transactions"]},
            # One award may be of many lines.
            "lineitems": {"item": rows["lineitems"][:MOST_PROMOTIONS]},
        }
    }


# A lot that came by a merge was given before, on the account that moved. The living account decides the last day. A rule that
# looks at some lines names them by their positions in the bill.
_PROMOTIONS: Final = Section(
    columns=(
        f"""(
        SELECT json_agg(json_build_array(
            lot.program_id, (
                SELECT json_agg(json_build_array(line.id, line.amount::text) ORDER BY line.position)
                FROM engagement_billline AS line
                WHERE line.organization_id = %(organization)s AND line.bill_id = lot.bill_id
                    AND lot.lines @> to_jsonb(line.position)
            ),
            lot.till_id, living.last_active_on, living.last_earned_on, membership.tier_expires_on,
            {LOT}
        ) ORDER BY lot.awarded_at DESC, lot.id DESC)::text
        FROM (
            SELECT lot.*, own.program_id, coalesce(own.moved_to_id, own.id) AS living_id, entry.till_id,
                entry.explanation -> 'lines' AS lines, row_number() OVER (
                    PARTITION BY lot.bill_id IS NULL, entry.explanation -> 'lines' IS NULL
                    ORDER BY lot.awarded_at DESC, lot.id DESC
                ) AS position
            FROM {OWN_ACCOUNTS}
            JOIN engagement_pointslot AS lot ON lot.organization_id = %(organization)s AND lot.account_id = own.id
                AND lot.kind = 'promotional' AND lot.moved_from_id IS NULL
            CROSS JOIN LATERAL (
                SELECT known.till_id, known.explanation FROM engagement_pointsentry AS known
                WHERE known.id = lot.entry_id AND known.organization_id + 0 = %(organization)s LIMIT 1
            ) AS entry
            WHERE own.organization_id = %(organization)s AND own.customer_id = customer.id
        ) AS lot
        JOIN engagement_pointsaccount AS living ON living.organization_id = %(organization)s AND living.id = lot.living_id
        JOIN engagement_membership AS membership ON membership.organization_id = %(organization)s
            AND membership.customer_id = customer.id AND membership.program_id = lot.program_id
        WHERE lot.position <= {MOST_PROMOTIONS}
    )""",  # noqa: S608 - made of constants
    ),
    parameters=program_parameter,
    display=_display_promotions,
    failure=Code.POINTS_UNAVAILABLE,
)


def promotion_points(reading: Reading) -> Section | None:
    """`promotion_points`: promotional lots with the place that gave them, the newest first, 1,000 of each kind."""
    return _PROMOTIONS if reading.wants("promotion_points") and not reading.wants("basic") else None
