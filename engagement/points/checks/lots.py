"""Checks of lots of points."""

from engagement.points.checks.check import Check

# An award, a promise, a credit or points that come by a merge bring one lot to their own account; no other entry brings one.
# A debiting adjustment that was taken back is no credit: its points went back to their lots.
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
                WHEN entry.kind = 'AWARD' OR (entry.kind = 'ADJUST' AND entry.points > 0 AND entry.reverses_id IS NULL)
                    THEN entry.points
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
