"""The statement of the built-in recommender: pairs of items that are bought together, counted over the lines of bills."""

from typing import Final

# A sale's line that was brought back whole says nothing about what goes together.
KEPT: Final = "NOT bill.is_returned AND (line.quantity = 0 OR line.returned_quantity < line.quantity)"
SALES: Final = "bill.type NOT IN ('RETURN', 'NOT_INTERESTED_RETURN')"

# Rare items are dropped before the pairs are made, and baskets of very many items, whose pairs grow with the square of them.
BUILD: Final = f"""
WITH sold AS MATERIALIZED (
    SELECT line.bill_id, line.item_code
    FROM engagement_bill AS bill
    JOIN engagement_billline AS line ON line.organization_id = %(organization)s AND line.bill_id = bill.id
    WHERE bill.organization_id = %(organization)s AND bill.billed_at >= %(since)s AND bill.outlier_status = 'NORMAL'
        AND {SALES} AND line.item_code <> '' AND {KEPT}
    GROUP BY line.bill_id, line.item_code
), basket AS MATERIALIZED (
    SELECT counted.bill_id, counted.item_code
    FROM (SELECT sold.*, count(*) OVER (PARTITION BY sold.bill_id) AS size FROM sold) AS counted
    WHERE counted.size <= %(most_items)s
), total AS (
    SELECT count(DISTINCT basket.bill_id)::numeric AS bills FROM basket
), item AS MATERIALIZED (
    SELECT basket.item_code, count(*)::numeric AS bills FROM basket GROUP BY basket.item_code HAVING count(*) >= %(min_support)s
), frequent AS MATERIALIZED (
    SELECT basket.bill_id, basket.item_code FROM basket JOIN item ON item.item_code = basket.item_code
), pair AS (
    SELECT one.item_code, other.item_code AS other_code, count(*)::numeric AS bills
    FROM frequent AS one
    JOIN frequent AS other ON other.bill_id = one.bill_id AND other.item_code <> one.item_code
    GROUP BY one.item_code, other.item_code
    HAVING count(*) >= %(min_support)s
), scored AS (
    SELECT pair.item_code, pair.other_code, pair.bills, pair.bills * total.bills / (item.bills * other.bills) AS lift
    FROM pair
    JOIN item ON item.item_code = pair.item_code
    JOIN item AS other ON other.item_code = pair.other_code
    CROSS JOIN total
), best AS MATERIALIZED (
    SELECT * FROM (
        SELECT scored.*, row_number() OVER (
            PARTITION BY scored.item_code ORDER BY scored.lift DESC, scored.bills DESC, scored.other_code
        ) AS position
        FROM scored
        WHERE scored.lift > 1
    ) AS ranked
    WHERE ranked.position <= %(most_pairs)s
), latest AS MATERIALIZED (
    SELECT DISTINCT ON (line.item_code) line.item_code, line.description, nullif(line.rate, 0) AS price
    FROM engagement_bill AS bill
    JOIN engagement_billline AS line ON line.organization_id = %(organization)s AND line.bill_id = bill.id
    JOIN item ON item.item_code = line.item_code
    WHERE bill.organization_id = %(organization)s AND bill.billed_at >= %(since)s AND {SALES}
    ORDER BY line.item_code, line.description = '', bill.billed_at DESC, line.id DESC
), built AS (
    INSERT INTO engagement_itempair AS stored (
        organization_id, item_code, item_description, other_code, other_description, other_price, bills, lift, built_at
    )
    SELECT %(organization)s, best.item_code, named.description, best.other_code, latest.description, latest.price,
        best.bills, round(best.lift, 3), %(now)s
    FROM best
    JOIN latest AS named ON named.item_code = best.item_code
    JOIN latest ON latest.item_code = best.other_code
    ON CONFLICT (organization_id, item_code, other_code) DO UPDATE SET
        item_description = excluded.item_description, other_description = excluded.other_description,
        other_price = excluded.other_price, bills = excluded.bills, lift = excluded.lift, built_at = excluded.built_at
    RETURNING 1
), gone AS (
    DELETE FROM engagement_itempair AS stored
    WHERE stored.organization_id = %(organization)s AND NOT EXISTS (
        SELECT FROM best WHERE best.item_code = stored.item_code AND best.other_code = stored.other_code
    )
    RETURNING 1
)
SELECT (SELECT count(*) FROM built), (SELECT count(*) FROM gone)
"""  # noqa: S608 - made of constants
