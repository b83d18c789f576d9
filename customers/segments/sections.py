"""Section `segments` of customer/get (docs/protocol.md 4.5)."""

from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from loyalty_project.protocol.codes import Code


def _display(values: Values | None, _customer: CustomerRow, _reading: Reading) -> dict[str, Any]:
    rows = orjson.loads(values[0]) if values and values[0] else []
    return {"segments": {"segment": [{"name": name, "value": value} for name, value in rows]}}


_SEGMENTS: Final = Section(
    columns=(
        """(
        SELECT json_agg(json_build_array(segment.name, partition.name) ORDER BY segment.name)::text
        FROM customers_customersegment AS placed
        JOIN customers_segment AS segment ON segment.organization_id = %(organization)s
            AND segment.id = placed.segment_id AND segment.is_active
        JOIN customers_segmentpartition AS partition ON partition.organization_id = %(organization)s
            AND partition.id = placed.partition_id AND partition.is_active
        WHERE placed.organization_id = %(organization)s AND placed.customer_id = customer.id
    )""",
    ),
    display=_display,
    failure=Code.SEGMENTS_UNAVAILABLE,
)


def segments(reading: Reading) -> Section | None:
    """`segments`, if the query asks for it. Empty with warning 91004 if the database fails it."""
    return _SEGMENTS if reading.wants("segments") else None
