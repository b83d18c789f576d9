"""Section of customer/redemptions: a page of a customer's redemptions with their reversals (docs/protocol.md 4.7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.programs.catalog import load_catalog
from engagement.redemptions.rows import RedemptionPage, RedemptionQuery, RedemptionRow, ReversalRow
from organizations.locations.names import LocationNames, load_names

# The part that the section prints, by name.
PAGE: Final = "page"
SORTED_BY: Final[Mapping[str, str]] = {"redeemed_time": "occurred_at", "redemption_id": "id"}
COUPONS_SORTED_BY: Final[Mapping[str, str]] = {"redeemed_time": "redeemed_at", "redemption_id": "id"}


def redemptions(asked: RedemptionQuery) -> Section:
    """A page of redemptions: a `RedemptionPage` as `PAGE`."""
    programs = "named" if asked.program_id else "all" if asked.by_program else "till"
    return _redemptions(programs, asked.points, asked.order, asked.conditions)


_MEMBERSHIP: Final = """engagement_membership AS membership
        WHERE membership.organization_id = %(organization)s AND membership.customer_id = customer.id"""
# The programs whose redemptions are shown.
_PROGRAMS: Final = {
    "named": f"SELECT array_agg(program_id) AS ids FROM {_MEMBERSHIP} AND membership.program_id = %(program)s",  # noqa: S608 - made of constants
    "all": f"SELECT array_agg(program_id) AS ids FROM {_MEMBERSHIP}",  # noqa: S608 - as above
    "till": f"""SELECT ARRAY(
        SELECT membership.program_id FROM {_MEMBERSHIP}
            AND membership.program_id IN (till_program.id, %(default_program)s::bigint)
        ORDER BY membership.program_id = till_program.id DESC LIMIT 1
    ) AS ids FROM (SELECT (
        SELECT candidate.program FROM jsonb_to_recordset(%(candidates)s::jsonb)
            AS candidate (position integer, program bigint, series bigint)
        WHERE candidate.series IS NULL OR EXISTS (
            SELECT FROM customers_card AS card WHERE card.organization_id = %(organization)s
                AND card.customer_id = customer.id AND card.series_id = candidate.series AND card.status IN ('ISSUED', 'ACTIVE')
        )
        ORDER BY candidate.position LIMIT 1
    ) AS id) AS till_program""",  # noqa: S608 - as above
}  # fmt: skip
_COLUMNS: Final = (
    "id", "code", "points::text", "occurred_at", "transaction_number", "bill_id", "validation_code", "purpose", "note",
    "reference", "program_id", "program_name", "store_id", "till_id", "custom_fields",
)  # fmt: skip


@lru_cache(maxsize=256)
def _redemptions(programs: str, has_points: bool, order: str, conditions: tuple[str, ...]) -> Section:  # noqa: FBT001
    shown = f"""LEFT JOIN LATERAL (
    {_PROGRAMS[programs]}
) AS shown_programs ON true"""
    if not has_points:
        return Section(columns=("shown_programs.ids", "NULL", "NULL"), joins=shown, parameters=_parameters, display=_display)
    return Section(
        columns=("shown_programs.ids", "redemptions.length", "redemptions.rows"),
        joins=f"""{shown}
LEFT JOIN LATERAL (
    SELECT max(redemption.length) AS length, json_agg(json_build_array(
        {", ".join(f"redemption.{column}" for column in _COLUMNS)},
        (SELECT json_agg(json_build_array(reversal.id, reversal.points::text, given_back.occurred_at, given_back.till_id)
                ORDER BY reversal.id)
            FROM engagement_redemptionreversal AS reversal
            JOIN engagement_pointsentry AS given_back ON given_back.organization_id = %(organization)s
                AND given_back.id = reversal.entry_id
            WHERE reversal.organization_id = %(organization)s AND reversal.redemption_id = redemption.id)
    ) ORDER BY {order})::text AS rows
    FROM (
        SELECT redemption.*, count(*) OVER () AS length
        FROM (
            SELECT redemption.*, entry.occurred_at, entry.note, entry.reference, account.program_id,
                program.name AS program_name, entry.store_id, entry.till_id
            FROM engagement_pointsaccount AS account
            JOIN engagement_program AS program ON program.organization_id = %(organization)s AND program.id = account.program_id
            JOIN engagement_redemption AS redemption ON redemption.organization_id = %(organization)s
                AND redemption.account_id = account.id
            JOIN engagement_pointsentry AS entry ON entry.organization_id = %(organization)s AND entry.id = redemption.entry_id
            LEFT JOIN organizations_store AS store ON store.organization_id = %(organization)s AND store.id = entry.store_id
            LEFT JOIN organizations_till AS till ON till.organization_id = %(organization)s AND till.id = entry.till_id
            WHERE account.organization_id = %(organization)s AND account.customer_id = customer.id
                AND account.program_id = ANY(shown_programs.ids)
                {"".join(f" AND {condition}" for condition in conditions)}
        ) AS redemption
        ORDER BY {order}
        LIMIT %(limit)s
    ) AS redemption
) AS redemptions ON true""",  # noqa: S608 - made of constants
        parameters=_parameters,
        display=_display,
    )


def _parameters(reading: Reading) -> Mapping[str, Any]:
    asked: RedemptionQuery = reading.options
    parameters: dict[str, Any] = {
        **asked.values,
        "limit": asked.limit,
        "coupon_limit": asked.coupon_limit,
        "program": asked.program_id,
    }
    if not (asked.program_id or asked.by_program):
        catalog = reading.part(load_catalog)
        rows = [
            {"position": position, "program": program_id, "series": series_id}
            for position, (program_id, series_id) in enumerate(catalog.candidates_for(reading.store))
        ]
        parameters |= {
            "candidates": orjson.dumps(rows).decode(),
            "default_program": catalog.default.program.pk if catalog.default else None,
        }
    return parameters


def _display(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    programs, length, rows = values
    shown = [_read(row, reading.part(load_names)) for row in orjson.loads(rows)] if rows else []
    return {PAGE: RedemptionPage(shown, length or 0, is_member=bool(programs))}


def _read(row: Sequence[Any], names: LocationNames) -> RedemptionRow:
    pk, code, points, at, transaction_number, bill_id, validation_code, purpose, note, reference, *rest = row
    program_id, program_name, store_id, till_id, custom_fields, reversals = rest
    return RedemptionRow(
        pk=pk,
        code=code,
        points=Decimal(points),
        redeemed_at=datetime.fromisoformat(at),
        transaction_number=transaction_number,
        bill_id=bill_id,
        validation_code=validation_code,
        purpose=purpose,
        note=note,
        reference=reference,
        program_id=program_id,
        program_name=program_name,
        store=names.store(store_id),
        till=names.till(till_id),
        custom_fields=custom_fields,
        reversals=[
            ReversalRow(reversal_id, Decimal(given_back), datetime.fromisoformat(reversed_at), till_id)
            for reversal_id, given_back, reversed_at, till_id in reversals or ()
        ],
    )
