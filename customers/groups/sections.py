"""Section `user_groups2` of customer/get (docs/protocol.md 4.5)."""

from typing import Any, Final

import orjson

from customers.groups.payloads import user_group
from customers.profile.reading import CustomerRow, Reading, Section, Values


def _display(values: Values, _customer: CustomerRow, _reading: Reading) -> dict[str, Any]:
    return {"user_groups2": [user_group(row) for row in orjson.loads(values[0])] if values[0] else []}


USER_GROUPS: Final = Section(
    columns=(
        """(
        SELECT json_agg(
            json_build_array(user_group.id, user_group.external_id, user_group.name, membership.role, leader.customer_id)
            ORDER BY user_group.external_id
        )::text
        FROM customers_groupmembership AS membership
        JOIN customers_usergroup AS user_group ON user_group.organization_id = %(organization)s
            AND user_group.id = membership.group_id AND user_group.is_active
        LEFT JOIN customers_groupmembership AS leader ON leader.organization_id = %(organization)s
            AND leader.group_id = user_group.id AND leader.role = 'PRIMARY'
        WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id
    )""",
    ),
    display=_display,
)


def user_groups(reading: Reading) -> Section | None:
    """`user_groups2`, if the query asks for it."""
    return USER_GROUPS if reading.wants("user_group") else None
