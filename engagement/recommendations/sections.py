"""Section of customer/recommendations: imported products first, then what is bought together with the customer's (4.15)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.recommendations.rows import Product, RecommendationQuery
from engagement.recommendations.sql import KEPT, SALES

# The part that the section prints, by name.
PRODUCTS: Final = "products"
_IMPORTED: Final = """LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(
        advised.item_sku, advised.description, advised.price::text, advised.img_url, advised.score::text, ''
    ) ORDER BY advised.score DESC NULLS LAST, advised.id)::text AS rows
    FROM (
        SELECT * FROM engagement_recommendation AS advised
        WHERE advised.organization_id = %(organization)s AND advised.customer_id = customer.id
        ORDER BY advised.score DESC NULLS LAST, advised.id
        LIMIT %(limit)s
    ) AS advised
) AS advised ON true"""
# Of a product that goes with several bought items, the item of the highest lift is the reason.
_BUILT: Final = f"""LEFT JOIN LATERAL (
    WITH bought AS (
        SELECT line.item_code, bool_or({KEPT}) AS is_kept
        FROM engagement_bill AS bill
        JOIN engagement_billline AS line ON line.organization_id = %(organization)s AND line.bill_id = bill.id
        WHERE bill.organization_id = %(organization)s AND bill.customer_id = customer.id AND {SALES}
        GROUP BY line.item_code
    )
    SELECT json_agg(json_build_array(
        chosen.other_code, chosen.other_description, chosen.other_price::text, '', chosen.lift::text,
        coalesce(nullif(chosen.item_description, ''), chosen.item_code)
    ) ORDER BY chosen.lift DESC, chosen.other_code)::text AS rows
    FROM (
        SELECT * FROM (
            SELECT paired.*,
                row_number() OVER (PARTITION BY paired.item_code ORDER BY paired.lift DESC, paired.other_code) AS position
            FROM (
                SELECT DISTINCT ON (pair.other_code) pair.*
                FROM bought
                JOIN engagement_itempair AS pair
                    ON pair.organization_id = %(organization)s AND pair.item_code = bought.item_code
                WHERE bought.is_kept
                    AND NOT EXISTS (SELECT FROM bought AS owned WHERE owned.item_code = pair.other_code)
                    AND NOT EXISTS (
                        SELECT FROM engagement_recommendation AS known
                        WHERE known.organization_id = %(organization)s AND known.customer_id = customer.id
                            AND known.item_sku = pair.other_code
                    )
                ORDER BY pair.other_code, pair.lift DESC, pair.item_code
            ) AS paired
        ) AS ranked
        WHERE ranked.position <= %(product_limit)s
        ORDER BY ranked.lift DESC, ranked.other_code
        LIMIT %(limit)s
    ) AS chosen
) AS paired ON true"""  # noqa: S608 - made of constants


def _parameters(reading: Reading) -> Mapping[str, Any]:
    asked: RecommendationQuery = reading.options
    return {"limit": asked.limit, "product_limit": asked.product_limit}


def _display(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    rows = [row for found in values if found for row in orjson.loads(found)]
    return {PRODUCTS: [_product(*row) for row in rows[: reading.options.limit]]}


def _product(item_sku: str, description: str, price: str | None, img_url: str, score: str | None, because: str) -> Product:
    return Product(
        item_sku=item_sku,
        description=description,
        price=None if price is None else Decimal(price),
        img_url=img_url,
        score=None if score is None else Decimal(score),
        because=because,
    )


# The customer's products, a sequence of `Product` as `PRODUCTS`; a read has a `RecommendationQuery` as its options.
RECOMMENDATIONS: Final = Section(
    columns=("advised.rows", "paired.rows"), joins=f"{_IMPORTED}\n{_BUILT}", parameters=_parameters, display=_display
)
