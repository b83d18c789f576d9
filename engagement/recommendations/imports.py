"""Recommendations of import files (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import BigIntegerField, CharField

from customers.profile.locks import lock_customers
from engagement.bills.draft import MOST_MONEY
from engagement.recommendations.models import Recommendation
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.cells import Values, number_cell, refusal, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.codes import Code
from organizations.tenancy.models import Organization

COLUMNS: Final = (*IDENTIFIERS, "item_sku", "description", "price", "img_url", "score")
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "item_sku")
# Columns whose quoted cells may hold line breaks.
FREE_TEXT: Final = ("description",)
# The customer's lock comes first: the constraint is met only where a row changes without it.
CONSTRAINTS: Final[Mapping[str, Code]] = {"recommendation_unique": Code.INVALID_INPUT}
_CHANGED: Final = ("description", "price", "img_url", "score")
_ITEM_LENGTH: Final = 100
_DESCRIPTION_LENGTH: Final = 250
_URL_LENGTH: Final = 500
_PRICE_DECIMALS: Final = 3
_MOST_SCORE: Final = Decimal(9_999_999_999)
_SCORE_DECIMALS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationRow:
    """A recommendation as a file has it. "" and None: not supplied."""

    customer_id: int
    item_sku: str
    description: str
    price: Decimal | None
    img_url: str
    score: Decimal | None


def check_recommendation_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=("item_sku",))


def read_recommendation_row(row: Values, *, customer_id: int) -> RecommendationRow:
    """The recommendation of a row. Raises `LoyaltyError` 400 for what is malformed."""
    price = number_cell(row, "price", most=MOST_MONEY, decimals=_PRICE_DECIMALS)
    if price is not None and price < 0:
        raise refusal(row, "price", "is below 0")
    return RecommendationRow(
        customer_id=customer_id,
        item_sku=text_cell(row, "item_sku", most=_ITEM_LENGTH, is_required=True),
        description=text_cell(row, "description", most=_DESCRIPTION_LENGTH),
        price=price,
        img_url=text_cell(row, "img_url", most=_URL_LENGTH),
        score=number_cell(row, "score", most=_MOST_SCORE, decimals=_SCORE_DECIMALS),
    )


def import_recommendations(rows: Sequence[RecommendationRow], *, organization: Organization, now: datetime) -> list[RowStatus]:
    """Bring recommendations to what the rows say; a status for each, later rows see earlier ones.

    The same customer and item are the same recommendation; what a row does not supply stays. Locks the customers. A constant
    number of statements. Call it in a transaction.
    """
    lock_customers({row.customer_id for row in rows})
    known = _stored(rows)
    added: list[Recommendation] = []
    changed: dict[int, Recommendation] = {}
    results = []
    for row in rows:
        stored = known.get((row.customer_id, row.item_sku))
        if stored is None:
            stored = Recommendation(
                organization=organization, customer_id=row.customer_id, item_sku=row.item_sku, imported_at=now
            )
            known[row.customer_id, row.item_sku] = stored
            _apply(row, stored, now)
            added.append(stored)
            results.append(RowStatus.CREATED)
        elif _apply(row, stored, now):
            if stored.pk is not None:
                changed[stored.pk] = stored
            results.append(RowStatus.UPDATED)
        else:
            results.append(RowStatus.UNCHANGED)
    insert_rows(added)
    update_rows(list(changed.values()), [*_CHANGED, "imported_at"])
    return results


def _apply(row: RecommendationRow, stored: Recommendation, now: datetime) -> bool:
    """Set what the row supplies; whether that changes anything."""
    values = {name: value for name in _CHANGED if (value := getattr(row, name)) not in {None, ""}}
    differing = {name: value for name, value in values.items() if getattr(stored, name) != value}
    for name, value in differing.items():
        setattr(stored, name, value)
    if differing:
        stored.imported_at = now
    return bool(differing)


def _stored(rows: Sequence[RecommendationRow]) -> dict[tuple[int, str], Recommendation]:
    """The stored recommendations that the rows may mean: one query, none without rows."""
    if not rows:
        return {}
    found = Recommendation.objects.filter(
        is_any_of("customer", {row.customer_id for row in rows}, BigIntegerField()),
        is_any_of("item_sku", {row.item_sku for row in rows}, CharField()),
    )
    return {(stored.customer_id, stored.item_sku): stored for stored in found}
