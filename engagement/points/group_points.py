"""Points of user groups: sums over their members, by program (docs/protocol.md 4.5).

The sums are made in the database, whatever the number of members; only accounts that are due are read one by one.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.points.payloads import group_points_row
from engagement.points.sections import settle
from engagement.programs.account_key import AccountKey
from engagement.programs.asked import program_asked
from loyalty_project.protocol.codes import Code

ZERO: Final = Decimal(0)
# Group, program, earned in all, to spend; and accounts that are due, which are not in these sums: customer, earned, balance.
_Sums = tuple[int, int, str, str, list[tuple[int, str, str]] | None]


def _due(values: Values, _reading: Reading) -> Collection[int]:
    return [customer_id for *_, due in _rows(values) for customer_id, *_ in due or ()]


def _rows(values: Values | None) -> list[_Sums]:
    rows: list[_Sums] = orjson.loads(values[0]) if values and values[0] else []
    return rows


def _display(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    rows = []
    asked = program_asked(reading)
    for group_id, program_id, lifetime, spendable, due in _rows(values):
        if asked not in {None, program_id}:
            continue
        points, left = Decimal(lifetime), Decimal(spendable)
        for customer_id, *figures in due or ():
            # Settled in memory only, or not at all: by this machine's clock alone it is due.
            state = reading.unstored.get(AccountKey(customer_id, program_id))
            earned, balance = (state.account.lifetime, state.account.balance) if state else map(Decimal, figures)
            points, left = points + earned, left + max(balance, ZERO)
        rows.append(group_points_row(group_id=group_id, program_id=program_id, lifetime=points, spendable=left))
    return {"group_points_summaries": {"group_points_summary": rows}}


_GROUP_POINTS: Final = Section(
    columns=(
        """(
        SELECT json_agg(json_build_array(
            summed.group_id, summed.program_id, summed.lifetime::text, summed.spendable::text, summed.due
        ) ORDER BY summed.external_id, NOT summed.is_default, summed.name)::text
        FROM (
            SELECT user_group.id AS group_id, user_group.external_id,
                program.id AS program_id, program.is_default, program.name,
                coalesce(sum(account.lifetime) FILTER (WHERE NOT is_due), 0) AS lifetime,
                coalesce(sum(greatest(account.balance, 0)) FILTER (WHERE NOT is_due), 0) AS spendable,
                json_agg(json_build_array(account.customer_id, account.lifetime::text, account.balance::text))
                    FILTER (WHERE is_due) AS due
            FROM customers_groupmembership AS membership
            JOIN customers_usergroup AS user_group ON user_group.organization_id = %(organization)s
                AND user_group.id = membership.group_id AND user_group.is_active
            JOIN customers_groupmembership AS member ON member.organization_id = %(organization)s
                AND member.group_id = user_group.id
            JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s
                AND account.customer_id = member.customer_id
            JOIN engagement_program AS program ON program.organization_id = %(organization)s
                AND program.id = account.program_id AND program.is_active
            CROSS JOIN LATERAL (SELECT coalesce(account.due_at <= %(now)s, false) AS is_due) AS state
            WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id
            GROUP BY user_group.id, program.id
        ) AS summed
    )""",
    ),
    parameters=lambda reading: {"now": reading.now},
    display=_display,
    failure=Code.POINTS_UNAVAILABLE,
    due=_due,
    settle=settle,
)


def group_points(reading: Reading) -> Section | None:
    """`group_points_summaries`, with `user_group` or `mlp`. Warning 91001 if the database does not give the figures."""
    if reading.wants("basic") or not (reading.wants("user_group") or reading.wants("mlp")):
        return None
    return _GROUP_POINTS
