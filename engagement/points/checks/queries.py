"""What must hold in the ledger at any moment? Each sum and each pair is one query that finds the rows where it does not.

Every query takes an organization and gives (id of the row, figure, expected, found). Being one statement it sees one moment, so
it may run beside whoever posts. Money and points only: no query reads anything about a person. docs/ledger.md, "How to check".
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold: the table whose rows it finds, and the query."""

    name: str
    table: str
    sql: str


# Balance and promised points are the sums of the account's entries, the version is their number. Every other cached total is
# the sum of the entries of its kinds, of the account and of those whose points have moved to it: a merge moves totals too.
ACCOUNT_TOTALS = Check(
    "account_totals",
    "PointsAccount",
    """
    SELECT account.id, figure, expected, found
    FROM engagement_pointsaccount AS account
    LEFT JOIN (
        SELECT account_id, count(*) AS entries, sum(points) AS balance, sum(promised) AS promised
        FROM engagement_pointsentry
        WHERE organization_id = %(organization)s
        GROUP BY account_id
    ) AS posted ON posted.account_id = account.id
    LEFT JOIN (
        SELECT coalesce(origin.moved_to_id, origin.id) AS account_id,
            sum(points) FILTER (WHERE kind IN ('AWARD', 'RELEASE')) AS lifetime,
            -sum(points) FILTER (WHERE kind IN ('REDEEM', 'REVERSAL')) AS redeemed,
            -sum(points) FILTER (WHERE kind = 'EXPIRE') AS expired,
            -sum(points) FILTER (WHERE kind = 'RETURN') AS returned,
            -sum(entry.promised) FILTER (WHERE kind = 'RETURN') AS promised_returned,
            sum(points) FILTER (WHERE kind = 'ADJUST') AS adjusted
        FROM engagement_pointsentry AS entry
        JOIN engagement_pointsaccount AS origin ON origin.id = entry.account_id
        WHERE entry.organization_id = %(organization)s
        GROUP BY 1
    ) AS totals ON totals.account_id = account.id
    CROSS JOIN LATERAL (
        VALUES ('version', posted.entries, account.version),
            ('balance', posted.balance, account.balance),
            ('promised', posted.promised, account.promised),
            ('lifetime', totals.lifetime, account.lifetime),
            ('redeemed', totals.redeemed, account.redeemed),
            ('expired', totals.expired, account.expired),
            ('returned', totals.returned, account.returned),
            ('promised_returned', totals.promised_returned, account.promised_returned),
            ('adjusted', totals.adjusted, account.adjusted)
    ) AS compared (figure, sum, found)
    CROSS JOIN LATERAL (SELECT coalesce(sum, 0) AS expected) AS defaulted
    WHERE account.organization_id = %(organization)s AND expected <> found
    ORDER BY account.id, figure
    """,
)

# The versions of an account's entries count from 1 without gaps, and each balance follows from the one before.
ENTRY_CHAIN = Check(
    "entry_chain",
    "PointsEntry",
    """
    SELECT id, figure, expected, found
    FROM (
        SELECT id, version, balance_after,
            row_number() OVER in_order AS place,
            coalesce(lag(balance_after) OVER in_order, 0) + points AS balance
        FROM engagement_pointsentry
        WHERE organization_id = %(organization)s
        WINDOW in_order AS (PARTITION BY account_id ORDER BY version)
    ) AS entry
    CROSS JOIN LATERAL (
        VALUES ('version', place, version), ('balance_after', balance, balance_after)
    ) AS compared (figure, expected, found)
    WHERE expected <> found
    ORDER BY id, figure
    """,
)

# What an entry took from lots, or gave back, is what it changed in all less the points it brought: a spending takes its
# points, and where the balance is below zero, only as much as there was; what comes pays the debt first.
ENTRY_CONSUMPTIONS = Check(
    "entry_consumptions",
    "PointsEntry",
    """
    SELECT entry.id, 'consumed', expected, found
    FROM engagement_pointsentry AS entry
    LEFT JOIN (
        SELECT entry_id, sum(points) AS points
        FROM engagement_pointsconsumption
        WHERE organization_id = %(organization)s
        GROUP BY entry_id
    ) AS consumed ON consumed.entry_id = entry.id
    LEFT JOIN engagement_pointslot AS lot ON lot.entry_id = entry.id
    CROSS JOIN LATERAL (
        SELECT coalesce(lot.points, 0) - entry.promised
                - greatest(entry.balance_after, 0) + greatest(entry.balance_after - entry.points, 0) AS expected,
            coalesce(consumed.points, 0) AS found
    ) AS compared
    WHERE entry.organization_id = %(organization)s AND expected <> found
    ORDER BY entry.id
    """,
)

# An award, a promise, a credit or points that come by a merge bring one lot to their own account; no other entry brings one.
LOT_ORIGINS = Check(
    "lot_origins",
    "PointsEntry",
    """
    SELECT entry.id, figure, expected, found
    FROM engagement_pointsentry AS entry
    LEFT JOIN engagement_pointslot AS lot ON lot.entry_id = entry.id
    CROSS JOIN LATERAL (
        VALUES (
            'points of its lot',
            CASE
                WHEN entry.kind = 'PROMISE' THEN entry.promised
                WHEN entry.kind = 'MERGE_IN' THEN greatest(entry.points, 0) + entry.promised
                WHEN entry.kind = 'AWARD' OR (entry.kind = 'ADJUST' AND entry.points > 0) THEN entry.points
                ELSE 0
            END,
            coalesce(lot.points, 0)
        ),
        ('account of its lot', entry.account_id, coalesce(lot.account_id, entry.account_id))
    ) AS compared (figure, expected, found)
    WHERE entry.organization_id = %(organization)s AND expected <> found
    ORDER BY entry.id, figure
    """,
)

# What is gone from a lot is what entries of its account consumed of it; what expired, came back with returns of its own bill,
# or moved to another customer is what entries of those kinds consumed.
LOT_PARTS = Check(
    "lot_parts",
    "PointsLot",
    """
    SELECT lot.id, figure, coalesce(sum, 0) AS expected, found
    FROM engagement_pointslot AS lot
    LEFT JOIN (
        SELECT consumption.lot_id,
            sum(consumption.points) AS gone,
            sum(consumption.points) FILTER (WHERE entry.kind = 'EXPIRE') AS expired,
            sum(consumption.points) FILTER (WHERE entry.kind = 'MERGE_OUT') AS moved,
            sum(consumption.points) FILTER (WHERE entry.kind = 'RETURN' AND back.return_of_id = lot.bill_id) AS returned,
            count(*) FILTER (WHERE entry.account_id <> lot.account_id) AS foreign_entries
        FROM engagement_pointsconsumption AS consumption
        JOIN engagement_pointsentry AS entry ON entry.id = consumption.entry_id
        JOIN engagement_pointslot AS lot ON lot.id = consumption.lot_id
        LEFT JOIN engagement_bill AS back ON back.id = entry.bill_id AND entry.kind = 'RETURN'
        WHERE consumption.organization_id = %(organization)s
        GROUP BY consumption.lot_id
    ) AS consumed ON consumed.lot_id = lot.id
    CROSS JOIN LATERAL (
        VALUES ('consumed', consumed.gone, lot.points - lot.left),
            ('expired', consumed.expired, lot.expired),
            ('moved', consumed.moved, lot.moved),
            ('returned', consumed.returned, lot.returned),
            ('consumed by other accounts', 0, coalesce(consumed.foreign_entries, 0))
    ) AS compared (figure, sum, found)
    WHERE lot.organization_id = %(organization)s AND coalesce(sum, 0) <> found
    ORDER BY lot.id, figure
    """,
)

# Open lots hold the balance, and nothing where it is below zero; closed ones hold what is promised.
LOTS_HOLD_THE_BALANCE = Check(
    "lots_hold_the_balance",
    "PointsAccount",
    """
    SELECT account.id, figure, expected, coalesce(held, 0) AS found
    FROM engagement_pointsaccount AS account
    LEFT JOIN (
        SELECT account_id,
            sum("left") FILTER (WHERE is_open) AS of_open,
            sum("left") FILTER (WHERE NOT is_open) AS of_closed
        FROM engagement_pointslot
        WHERE organization_id = %(organization)s AND "left" > 0
        GROUP BY account_id
    ) AS lots ON lots.account_id = account.id
    CROSS JOIN LATERAL (
        VALUES ('left in open lots', greatest(account.balance, 0), of_open),
            ('left in promised lots', account.promised, of_closed)
    ) AS compared (figure, expected, held)
    WHERE account.organization_id = %(organization)s AND expected <> coalesce(held, 0)
    ORDER BY account.id, figure
    """,
)

# An account is looked at by itself no later than the first of its lots opens or expires.
DUE_MOMENTS = Check(
    "due_moments",
    "PointsAccount",
    """
    SELECT account.id, 'due_at', min(due), account.due_at
    FROM engagement_pointsaccount AS account
    JOIN organizations_organization AS organization ON organization.id = account.organization_id
    JOIN engagement_pointslot AS lot ON lot.account_id = account.id AND lot.left > 0
    LEFT JOIN engagement_membership AS membership
        ON membership.customer_id = account.customer_id AND membership.program_id = account.program_id
    CROSS JOIN LATERAL (
        SELECT (coalesce(lot.opens_at, lot.awarded_at) AT TIME ZONE organization.timezone)::date AS awarded_on
    ) AS award
    CROSS JOIN LATERAL (
        SELECT CASE lot.moves
            WHEN 'membership' THEN membership.tier_expires_on
            WHEN 'rolling'
                THEN (greatest(account.last_earned_on, awarded_on) + make_interval(months => lot.moves_months))::date
            WHEN 'last_activity'
                THEN (greatest(account.last_billed_on, awarded_on) + make_interval(months => lot.moves_months))::date
            ELSE lot.expires_on
        END AS last_day
    ) AS expiry
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN NOT lot.is_open THEN lot.opens_at
            WHEN last_day IS NOT NULL
                THEN greatest((last_day + 1)::timestamp AT TIME ZONE organization.timezone, lot.opens_at)
        END AS due
    ) AS moment
    WHERE account.organization_id = %(organization)s
    GROUP BY account.id
    HAVING min(due) < account.due_at OR (min(due) IS NOT NULL AND account.due_at IS NULL)
    ORDER BY account.id
    """,
)

# A redemption is the entry it names, and what was given back of it is the sum of its reversals.
REDEMPTIONS = Check(
    "redemptions",
    "Redemption",
    """
    SELECT redemption.id, figure, expected, found
    FROM engagement_redemption AS redemption
    JOIN engagement_pointsentry AS entry ON entry.id = redemption.entry_id
    LEFT JOIN (
        SELECT redemption_id, sum(points) AS points
        FROM engagement_redemptionreversal
        WHERE organization_id = %(organization)s
        GROUP BY redemption_id
    ) AS reversals ON reversals.redemption_id = redemption.id
    CROSS JOIN LATERAL (
        VALUES ('reversed', coalesce(reversals.points, 0), redemption.reversed),
            ('points', CASE WHEN entry.kind = 'REDEEM' THEN -entry.points ELSE 0 END, redemption.points),
            ('account', entry.account_id, redemption.account_id)
    ) AS compared (figure, expected, found)
    WHERE redemption.organization_id = %(organization)s AND expected <> found
    ORDER BY redemption.id, figure
    """,
)

# Each reversal is one entry that reverses its redemption's, and each such entry is a reversal.
REVERSAL_ENTRIES = Check(
    "reversal_entries",
    "PointsEntry",
    """
    SELECT entry.id, figure, expected, found
    FROM engagement_pointsentry AS entry
    LEFT JOIN engagement_redemptionreversal AS reversal ON reversal.entry_id = entry.id
    LEFT JOIN engagement_redemption AS redemption ON redemption.id = reversal.redemption_id
    CROSS JOIN LATERAL (
        VALUES (
            'points reversed', coalesce(reversal.points, 0), CASE WHEN entry.kind = 'REVERSAL' THEN entry.points ELSE 0 END
        ),
        ('entry reversed', coalesce(redemption.entry_id, 0), coalesce(entry.reverses_id, 0))
    ) AS compared (figure, expected, found)
    WHERE entry.organization_id = %(organization)s AND (entry.kind = 'REVERSAL' OR reversal.id IS NOT NULL)
        AND expected <> found
    ORDER BY entry.id, figure
    """,
)

# No lot got more back from the reversals of an entry than that entry took of it.
REVERSED_LOTS = Check(
    "reversed_lots",
    "PointsLot",
    """
    SELECT lot_id, 'given back of entry ' || entry_id, taken, given_back
    FROM (
        SELECT coalesce(entry.reverses_id, entry.id) AS entry_id, consumption.lot_id,
            coalesce(sum(consumption.points) FILTER (WHERE entry.reverses_id IS NULL), 0) AS taken,
            -coalesce(sum(consumption.points) FILTER (WHERE entry.reverses_id IS NOT NULL), 0) AS given_back
        FROM engagement_pointsconsumption AS consumption
        JOIN engagement_pointsentry AS entry ON entry.id = consumption.entry_id
        WHERE consumption.organization_id = %(organization)s AND entry.kind IN ('REDEEM', 'REVERSAL')
        GROUP BY 1, 2
    ) AS pairs
    WHERE given_back > taken
    ORDER BY lot_id, entry_id
    """,
)

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
            FROM engagement_bill
            WHERE organization_id = %(organization)s AND return_of_id IS NOT NULL AND outlier_status = 'NORMAL'
                AND id NOT IN (
                    SELECT (payload ->> 'bill')::bigint
                    FROM engagement_deferredevent
                    WHERE organization_id = %(organization)s AND kind = 'bill' AND worked_at IS NULL
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

# What moved out of a lot by merges is what lots of other accounts say they came from it with, in the same program; and each
# lot that came by a merge says from which one it came.
MOVED_LOTS = Check(
    "moved_lots",
    "PointsLot",
    """
    SELECT lot.id, figure, expected, found
    FROM engagement_pointslot AS lot
    JOIN engagement_pointsentry AS entry ON entry.id = lot.entry_id
    LEFT JOIN (
        SELECT moved_from_id, sum(points) AS points
        FROM engagement_pointslot
        WHERE organization_id = %(organization)s AND moved_from_id IS NOT NULL
        GROUP BY moved_from_id
    ) AS arrived ON arrived.moved_from_id = lot.id
    LEFT JOIN engagement_pointslot AS source ON source.id = lot.moved_from_id
    LEFT JOIN engagement_pointsaccount AS here ON here.id = lot.account_id
    LEFT JOIN engagement_pointsaccount AS there ON there.id = source.account_id
    CROSS JOIN LATERAL (
        VALUES ('moved', coalesce(arrived.points, 0), lot.moved),
            ('came by a merge', (entry.kind = 'MERGE_IN')::int, (lot.moved_from_id IS NOT NULL)::int),
            ('program', here.program_id, coalesce(there.program_id, here.program_id)),
            ('accounts', 1, CASE WHEN source.account_id = lot.account_id THEN 0 ELSE 1 END)
    ) AS compared (figure, expected, found)
    WHERE lot.organization_id = %(organization)s AND expected <> found
    ORDER BY lot.id, figure
    """,
)

CHECKS = (
    ACCOUNT_TOTALS,
    ENTRY_CHAIN,
    ENTRY_CONSUMPTIONS,
    LOT_ORIGINS,
    LOT_PARTS,
    MOVED_LOTS,
    LOTS_HOLD_THE_BALANCE,
    DUE_MOMENTS,
    REDEMPTIONS,
    REVERSAL_ENTRIES,
    REVERSED_LOTS,
    BILL_POINTS,
    BILL_RETURNS,
    ACCOUNT_PURCHASES,
    PURCHASE_TOTALS,
)
