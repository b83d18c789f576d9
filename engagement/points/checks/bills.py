"""Checks of bills against the points and purchases that they count for."""

from engagement.points.checks.check import Check

# A sale issued in an account what its entries awarded and promised there; taken of it was what the entries of its returns took
# there, promised points included.
BILL_POINTS = Check(
    "bill_points",
    "BillPoints",
    """
    SELECT counted.id, figure, coalesce(sum, 0) AS expected, found
    FROM engagement_billpoints AS counted
    LEFT JOIN (
        SELECT coalesce(bill.return_of_id, bill.id) AS sale_id, coalesce(origin.moved_to_id, origin.id) AS account_id,
            sum(entry.points + entry.promised) FILTER (WHERE entry.kind IN ('AWARD', 'PROMISE')) AS issued,
            -sum(entry.points + entry.promised) FILTER (WHERE entry.kind = 'RETURN') AS taken
        FROM engagement_pointsentry AS entry
        JOIN engagement_bill AS bill ON bill.id = entry.bill_id
        JOIN engagement_pointsaccount AS origin ON origin.id = entry.account_id
        WHERE entry.organization_id = %(organization)s
        GROUP BY 1, 2
    ) AS posted ON posted.sale_id = counted.bill_id AND posted.account_id = counted.account_id
    CROSS JOIN LATERAL (
        VALUES ('issued', posted.issued, counted.issued), ('taken', posted.taken, counted.taken)
    ) AS compared (figure, sum, found)
    WHERE counted.organization_id = %(organization)s AND coalesce(sum, 0) <> found
    ORDER BY counted.id, figure
    """,
)

# Points that came from some lines of a sale are among those that it issued.
BILL_LINE_POINTS = Check(
    "bill_line_points",
    "BillPoints",
    """
    SELECT counted.id, 'of_lines', counted.issued AS expected, parts.points
    FROM engagement_billpoints AS counted
    CROSS JOIN LATERAL (
        SELECT sum((part ->> 'points')::numeric) AS points FROM jsonb_array_elements(counted.of_lines) AS part
    ) AS parts
    WHERE counted.organization_id = %(organization)s AND parts.points > counted.issued
    ORDER BY counted.id
    """,
)

# What came back of a sale is the sum of its returns.
BILL_RETURNS = Check(
    "bill_returns",
    "Bill",
    """
    SELECT sale.id, 'returned_amount', coalesce(back.amount, 0) AS expected, sale.returned_amount
    FROM engagement_bill AS sale
    LEFT JOIN (
        SELECT return_of_id, sum(amount) AS amount
        FROM engagement_bill
        WHERE organization_id = %(organization)s AND return_of_id IS NOT NULL
        GROUP BY return_of_id
    ) AS back ON back.return_of_id = sale.id
    WHERE sale.organization_id = %(organization)s AND coalesce(back.amount, 0) <> sale.returned_amount
    ORDER BY sale.id
    """,
)

# Bought within a program is what the sales that counted there cost, less what came back of them; each of them is a visit. A
# return that waits for a worker has not counted yet.
ACCOUNT_PURCHASES = Check(
    "account_purchases",
    "PointsAccount",
    """
    SELECT account.id, figure, coalesce(sum, 0) AS expected, found
    FROM engagement_pointsaccount AS account
    LEFT JOIN (
        SELECT counted.account_id, sum(sale.amount - coalesce(back.amount, 0)) AS purchases, count(*) AS visits
        FROM engagement_billpoints AS counted
        JOIN engagement_bill AS sale ON sale.id = counted.bill_id
        LEFT JOIN (
            SELECT return_of_id, sum(amount) AS amount
            FROM engagement_bill AS return
            WHERE organization_id = %(organization)s AND return_of_id IS NOT NULL AND outlier_status = 'NORMAL'
                AND NOT EXISTS (
                    SELECT FROM engagement_deferredevent AS event
                    WHERE event.organization_id = %(organization)s AND event.kind = 'bill' AND event.worked_at IS NULL
                        AND (event.payload ->> 'bill')::bigint = return.id
                )
            GROUP BY return_of_id
        ) AS back ON back.return_of_id = sale.id
        WHERE counted.organization_id = %(organization)s
        GROUP BY counted.account_id
    ) AS bought ON bought.account_id = account.id
    CROSS JOIN LATERAL (
        VALUES ('purchases', bought.purchases, account.purchases), ('visits', bought.visits, account.visits)
    ) AS compared (figure, sum, found)
    WHERE account.organization_id = %(organization)s AND coalesce(sum, 0) <> found
    ORDER BY account.id, figure
    """,
)

# What a customer bought in all is the sum of the bills that count, less what came back of them.
PURCHASE_TOTALS = Check(
    "purchase_totals",
    "Customer",
    """
    SELECT customer_id, figure, coalesce(sum, 0) AS expected, coalesce(kept, 0) AS found
    FROM (
        SELECT customer_id,
            sum(CASE WHEN type IN ('RETURN', 'NOT_INTERESTED_RETURN') THEN -amount ELSE amount END) AS amount,
            count(*) FILTER (WHERE type NOT IN ('RETURN', 'NOT_INTERESTED_RETURN')) AS bills,
            max(billed_at) FILTER (WHERE type NOT IN ('RETURN', 'NOT_INTERESTED_RETURN')) AS last_billed_at
        FROM engagement_bill
        WHERE organization_id = %(organization)s AND customer_id IS NOT NULL AND outlier_status = 'NORMAL'
            AND type NOT IN ('NOT_INTERESTED', 'NOT_INTERESTED_RETURN', 'NI_MIXED')
            AND (type <> 'RETURN' OR return_of_id IS NOT NULL)
        GROUP BY customer_id
    ) AS bought
    FULL JOIN (
        SELECT customer_id, amount, bills, last_billed_at
        FROM engagement_purchasetotals
        WHERE organization_id = %(organization)s
    ) AS totals USING (customer_id)
    CROSS JOIN LATERAL (
        VALUES ('amount', bought.amount, totals.amount),
            ('bills', bought.bills, totals.bills),
            ('last_billed_at', extract(epoch FROM bought.last_billed_at), extract(epoch FROM totals.last_billed_at))
    ) AS compared (figure, sum, kept)
    WHERE coalesce(sum, 0) <> coalesce(kept, 0)
    ORDER BY customer_id, figure
    """,
)
