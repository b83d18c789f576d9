"""Statements of the refresh. Days are those of `%(zone)s`.

The days from `%(first_day)s` to `%(last_day)s` lie between the moments `%(since)s` and `%(until)s`, by which indexes find them.
"""

from typing import Final

# The highest ids of any organization: the numbers alone, so that the statements below need not look behind them.
MARKS: Final = """
SELECT (SELECT coalesce(max(id), 0) FROM customers_customer), (SELECT coalesce(max(id), 0) FROM engagement_bill),
    (SELECT coalesce(max(id), 0) FROM engagement_pointsentry), (SELECT coalesce(max(id), 0) FROM organizations_auditentry)
WHERE %(organization)s::bigint IS NOT NULL
"""

# Rows are added with growing ids, whatever their day. Besides, merges and corrections change on which day who registered.
CHANGED_DAYS: Final = """
SELECT (registered_on AT TIME ZONE %(zone)s::text)::date AS day FROM customers_customer
WHERE organization_id = %(organization)s AND id > %(last_customer)s
UNION
SELECT (billed_at AT TIME ZONE %(zone)s::text)::date FROM engagement_bill
WHERE organization_id = %(organization)s AND id > %(last_bill)s
UNION
SELECT (occurred_at AT TIME ZONE %(zone)s::text)::date FROM engagement_pointsentry
WHERE organization_id = %(organization)s AND id > %(last_entry)s
UNION
SELECT (victim.registered_on AT TIME ZONE %(zone)s::text)::date
FROM customers_merge AS merge JOIN customers_customer AS victim ON victim.id = merge.victim_id
WHERE merge.organization_id = %(organization)s AND (merge.merged_at >= %(seen_at)s OR merge.undone_at >= %(seen_at)s)
UNION
SELECT (registered.on_day::timestamptz AT TIME ZONE %(zone)s::text)::date
FROM organizations_auditentry AS audit
CROSS JOIN LATERAL (VALUES (audit.old ->> 'registered_on'), (audit.new ->> 'registered_on')) AS registered (on_day)
WHERE audit.organization_id = %(organization)s AND audit.id > %(last_audit)s AND audit.object_type = 'customer'
    AND audit.old ? 'registered_on' AND registered.on_day IS NOT NULL
ORDER BY day
"""

# The first and the last day of which there is anything to count, or was.
ALL_DAYS: Final = """
SELECT min(day), max(day) FROM (
    SELECT (unnest(ARRAY[min(registered_on), max(registered_on)]) AT TIME ZONE %(zone)s::text)::date AS day
    FROM customers_customer WHERE organization_id = %(organization)s
    UNION ALL
    SELECT (unnest(ARRAY[min(billed_at), max(billed_at)]) AT TIME ZONE %(zone)s::text)::date
    FROM engagement_bill WHERE organization_id = %(organization)s
    UNION ALL
    SELECT (unnest(ARRAY[min(occurred_at), max(occurred_at)]) AT TIME ZONE %(zone)s::text)::date
    FROM engagement_pointsentry WHERE organization_id = %(organization)s
    UNION ALL
    SELECT unnest(ARRAY[min(day), max(day)]) FROM engagement_dayfigures WHERE organization_id = %(organization)s
    UNION ALL
    SELECT unnest(ARRAY[min(day), max(day)]) FROM engagement_pointsfigures WHERE organization_id = %(organization)s
) AS known
"""

_SALE: Final = "type NOT IN ('RETURN', 'NOT_INTERESTED_RETURN')"
_OF_CUSTOMER: Final = "customer_id IS NOT NULL AND type NOT IN ('NOT_INTERESTED', 'NOT_INTERESTED_RETURN', 'NI_MIXED')"

# What differs from what was counted is written, and what there is no more of is deleted.
COUNT_DAYS: Final = f"""
WITH counted AS (
    SELECT store_id, day, sum(joined) AS joined, sum(bills) AS bills, sum(customer_bills) AS customer_bills, sum(sales) AS sales
    FROM (
        SELECT registered_store_id AS store_id, (registered_on AT TIME ZONE %(zone)s::text)::date AS day,
            count(*) AS joined, 0 AS bills, 0 AS customer_bills, 0::numeric AS sales
        FROM customers_customer
        WHERE organization_id = %(organization)s AND registered_on >= %(since)s AND registered_on < %(until)s
            AND merged_into_id IS NULL
            AND (registered_on AT TIME ZONE %(zone)s::text)::date BETWEEN %(first_day)s AND %(last_day)s
        GROUP BY 1, 2
        UNION ALL
        SELECT store_id, (billed_at AT TIME ZONE %(zone)s::text)::date AS day,
            0, count(*) FILTER (WHERE {_SALE}), count(*) FILTER (WHERE {_SALE} AND {_OF_CUSTOMER}),
            sum(CASE WHEN {_SALE} THEN amount ELSE -amount END)
        FROM engagement_bill
        WHERE organization_id = %(organization)s AND billed_at >= %(since)s AND billed_at < %(until)s
            AND outlier_status = 'NORMAL'
            AND (billed_at AT TIME ZONE %(zone)s::text)::date BETWEEN %(first_day)s AND %(last_day)s
        GROUP BY 1, 2
    ) AS part
    GROUP BY store_id, day
), written AS (
    INSERT INTO engagement_dayfigures AS stored (organization_id, store_id, day, joined, bills, customer_bills, sales)
    SELECT %(organization)s, store_id, day, joined, bills, customer_bills, sales FROM counted
    ON CONFLICT (organization_id, day, store_id) DO UPDATE SET
        joined = excluded.joined, bills = excluded.bills, customer_bills = excluded.customer_bills, sales = excluded.sales
    WHERE (stored.joined, stored.bills, stored.customer_bills, stored.sales)
        IS DISTINCT FROM (excluded.joined, excluded.bills, excluded.customer_bills, excluded.sales)
    RETURNING 1
), gone AS (
    DELETE FROM engagement_dayfigures AS stored
    WHERE stored.organization_id = %(organization)s AND stored.day BETWEEN %(first_day)s AND %(last_day)s
        AND NOT EXISTS (
            SELECT FROM counted WHERE counted.day = stored.day AND counted.store_id IS NOT DISTINCT FROM stored.store_id
        )
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""  # noqa: S608 - made of constants

COUNT_POINTS: Final = """
WITH counted AS (
    SELECT account.program_id, entry.store_id, (entry.occurred_at AT TIME ZONE %(zone)s::text)::date AS day,
        coalesce(sum(entry.points) FILTER (WHERE entry.kind IN ('AWARD', 'RELEASE')), 0) AS earned,
        coalesce(-sum(entry.points) FILTER (WHERE entry.kind IN ('REDEEM', 'REVERSAL')), 0) AS redeemed,
        coalesce(-sum(entry.points) FILTER (WHERE entry.kind = 'EXPIRE'), 0) AS expired,
        coalesce(-sum(entry.points) FILTER (WHERE entry.kind = 'RETURN'), 0) AS returned,
        coalesce(sum(entry.points) FILTER (WHERE entry.kind = 'ADJUST'), 0) AS adjusted
    FROM engagement_pointsentry AS entry
    JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s AND account.id = entry.account_id
    WHERE entry.organization_id = %(organization)s AND entry.occurred_at >= %(since)s AND entry.occurred_at < %(until)s
        AND entry.kind NOT IN ('MERGE_IN', 'MERGE_OUT')
        AND (entry.occurred_at AT TIME ZONE %(zone)s::text)::date BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY 1, 2, 3
), written AS (
    INSERT INTO engagement_pointsfigures AS stored
        (organization_id, program_id, store_id, day, earned, redeemed, expired, returned, adjusted)
    SELECT %(organization)s, program_id, store_id, day, earned, redeemed, expired, returned, adjusted FROM counted
    ON CONFLICT (organization_id, day, program_id, store_id) DO UPDATE SET
        earned = excluded.earned, redeemed = excluded.redeemed, expired = excluded.expired, returned = excluded.returned,
        adjusted = excluded.adjusted
    WHERE (stored.earned, stored.redeemed, stored.expired, stored.returned, stored.adjusted)
        IS DISTINCT FROM (excluded.earned, excluded.redeemed, excluded.expired, excluded.returned, excluded.adjusted)
    RETURNING 1
), gone AS (
    DELETE FROM engagement_pointsfigures AS stored
    WHERE stored.organization_id = %(organization)s AND stored.day BETWEEN %(first_day)s AND %(last_day)s
        AND NOT EXISTS (
            SELECT FROM counted
            WHERE counted.day = stored.day AND counted.program_id = stored.program_id
                AND counted.store_id IS NOT DISTINCT FROM stored.store_id
        )
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""

# `stores` are sets of stores as JSON lists, `first_days` and `last_days` the ends of the periods, in the same order.
COUNT_ACTIVE: Final = f"""
WITH period AS (
    SELECT * FROM unnest(%(first_days)s::date[], %(last_days)s::date[]) AS period (first_day, last_day)
), shop AS (
    SELECT ARRAY(SELECT jsonb_array_elements_text(listed.ids::jsonb)::bigint ORDER BY 1) AS stores
    FROM unnest(%(stores)s::text[]) AS listed (ids)
), visit AS MATERIALIZED (
    SELECT DISTINCT bought.customer_id, bought.store_id, period.first_day, period.last_day
    FROM (
        SELECT DISTINCT customer_id, store_id, (billed_at AT TIME ZONE %(zone)s::text)::date AS day
        FROM engagement_bill
        WHERE organization_id = %(organization)s AND billed_at >= %(since)s AND billed_at < %(until)s
            AND outlier_status = 'NORMAL' AND {_SALE} AND {_OF_CUSTOMER}
    ) AS bought
    JOIN period ON bought.day BETWEEN period.first_day AND period.last_day
), found AS (
    SELECT '{{}}'::bigint[] AS stores, first_day, last_day, count(DISTINCT customer_id) AS customers
    FROM visit GROUP BY first_day, last_day
    UNION ALL
    SELECT ARRAY[store_id], first_day, last_day, count(*) FROM visit
    WHERE store_id IS NOT NULL GROUP BY store_id, first_day, last_day
    UNION ALL
    SELECT shop.stores, visit.first_day, visit.last_day, count(DISTINCT visit.customer_id)
    FROM shop JOIN visit ON visit.store_id = ANY(shop.stores)
    WHERE cardinality(shop.stores) > 1 GROUP BY 1, 2, 3
), counted AS (
    SELECT shop.stores, period.first_day, period.last_day, coalesce(found.customers, 0) AS customers
    FROM shop CROSS JOIN period
    LEFT JOIN found ON found.stores = shop.stores AND found.first_day = period.first_day AND found.last_day = period.last_day
), written AS (
    INSERT INTO engagement_activecustomers AS stored (organization_id, stores, first_day, last_day, customers)
    SELECT %(organization)s, stores, first_day, last_day, customers FROM counted
    ON CONFLICT (organization_id, last_day, first_day, stores) DO UPDATE SET customers = excluded.customers
    WHERE stored.customers <> excluded.customers
    RETURNING 1
), gone AS (
    DELETE FROM engagement_activecustomers AS stored
    WHERE stored.organization_id = %(organization)s AND NOT EXISTS (
        SELECT FROM counted
        WHERE counted.last_day = stored.last_day AND counted.first_day = stored.first_day AND counted.stores = stored.stores
    )
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""  # noqa: S608 - made of constants

COUNT_TIERS: Final = """
WITH held AS (
    SELECT coalesce(member.customer_id, account.customer_id) AS customer_id,
        coalesce(member.program_id, account.program_id) AS program_id,
        member.tier_id, (member.id IS NOT NULL)::integer AS is_member, account.balance, account.promised
    FROM (SELECT * FROM engagement_membership WHERE organization_id = %(organization)s) AS member
    FULL JOIN (
        SELECT * FROM engagement_pointsaccount WHERE organization_id = %(organization)s AND moved_to_id IS NULL
    ) AS account ON account.customer_id = member.customer_id AND account.program_id = member.program_id
), counted AS (
    SELECT held.program_id, held.tier_id, customer.registered_store_id AS store_id, sum(held.is_member) AS members,
        coalesce(sum(held.balance), 0) AS points, coalesce(sum(held.promised), 0) AS promised
    FROM held
    JOIN customers_customer AS customer ON customer.organization_id = %(organization)s AND customer.id = held.customer_id
    WHERE customer.merged_into_id IS NULL
    GROUP BY 1, 2, 3
), written AS (
    INSERT INTO engagement_tierfigures AS stored
        (organization_id, program_id, tier_id, store_id, members, points, promised)
    SELECT %(organization)s, program_id, tier_id, store_id, members, points, promised FROM counted
    ON CONFLICT (organization_id, program_id, tier_id, store_id) DO UPDATE SET
        members = excluded.members, points = excluded.points, promised = excluded.promised
    WHERE (stored.members, stored.points, stored.promised)
        IS DISTINCT FROM (excluded.members, excluded.points, excluded.promised)
    RETURNING 1
), gone AS (
    DELETE FROM engagement_tierfigures AS stored
    WHERE stored.organization_id = %(organization)s AND NOT EXISTS (
        SELECT FROM counted
        WHERE counted.program_id = stored.program_id AND counted.tier_id IS NOT DISTINCT FROM stored.tier_id
            AND counted.store_id IS NOT DISTINCT FROM stored.store_id
    )
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""
