"""Checks of adjustments by staff, and of those that were taken back."""

from engagement.points.checks.check import Check

# An adjustment that is done has one entry with its points, in its program; the entry is not a reversal.
ADJUSTMENTS = Check(
    "adjustments",
    "PointsAdjustment",
    """
    SELECT adjustment.id, figure, expected, found
    FROM engagement_pointsadjustment AS adjustment
    JOIN engagement_pointsentry AS entry ON entry.id = adjustment.entry_id
    JOIN engagement_pointsaccount AS account ON account.id = entry.account_id
    CROSS JOIN LATERAL (
        VALUES ('points', CASE WHEN entry.kind = 'ADJUST' THEN entry.points ELSE 0 END, adjustment.points),
            ('program', account.program_id, adjustment.program_id),
            ('entry reversed', 0, coalesce(entry.reverses_id, 0))
    ) AS compared (figure, expected, found)
    WHERE adjustment.organization_id = %(organization)s AND expected <> found
    ORDER BY adjustment.id, figure
    """,
)

# Each reversal of an adjustment is one entry of the other sign that reverses the adjustment's, and each such entry is a
# reversal. Of a credit, what was taken and what was gone are the whole; a debit is given back whole.
ADJUSTMENT_REVERSALS = Check(
    "adjustment_reversals",
    "PointsEntry",
    """
    SELECT entry.id, figure, expected, found
    FROM engagement_pointsentry AS entry
    LEFT JOIN engagement_adjustmentreversal AS reversal ON reversal.entry_id = entry.id
    LEFT JOIN engagement_pointsentry AS adjusted ON adjusted.id = reversal.adjusted_id
    CROSS JOIN LATERAL (
        VALUES ('points taken back', -sign(adjusted.points) * reversal.points, entry.points),
            ('points of the adjustment', abs(adjusted.points), reversal.points + reversal.gone),
            ('entry reversed', reversal.adjusted_id, entry.reverses_id),
            ('kinds', 2, (entry.kind = 'ADJUST')::int + (adjusted.kind = 'ADJUST')::int)
    ) AS compared (figure, expected, found)
    WHERE entry.organization_id = %(organization)s
        AND (reversal.id IS NOT NULL OR (entry.kind = 'ADJUST' AND entry.reverses_id IS NOT NULL))
        AND coalesce(expected, 0) <> coalesce(found, 0)
    ORDER BY entry.id, figure
    """,
)

# Taking back a credit consumes only the lot that the credit brought, or lots that got its points by merges. Taking back a debit
# gives each lot exactly what the debit took of it.
TAKEN_BACK_LOTS = Check(
    "taken_back_lots",
    "PointsEntry",
    """
    WITH RECURSIVE own AS (
        SELECT reversal.entry_id, lot.id AS lot_id
        FROM engagement_adjustmentreversal AS reversal
        JOIN engagement_pointslot AS lot ON lot.entry_id = reversal.adjusted_id
        WHERE reversal.organization_id = %(organization)s
        UNION
        SELECT own.entry_id, lot.id
        FROM own
        JOIN engagement_pointslot AS lot ON lot.moved_from_id = own.lot_id
    )
    SELECT reversal.entry_id, 'taken of other lots', 0, sum(consumption.points)
    FROM engagement_adjustmentreversal AS reversal
    JOIN engagement_pointsentry AS entry ON entry.id = reversal.entry_id AND entry.points < 0
    JOIN engagement_pointsconsumption AS consumption ON consumption.entry_id = entry.id
    LEFT JOIN own ON own.entry_id = entry.id AND own.lot_id = consumption.lot_id
    WHERE reversal.organization_id = %(organization)s AND own.lot_id IS NULL
    GROUP BY reversal.entry_id
    UNION ALL
    SELECT entry_id, 'given back to lot ' || lot_id, taken, given_back
    FROM (
        SELECT reversal.entry_id, consumption.lot_id,
            coalesce(sum(consumption.points) FILTER (WHERE consumption.entry_id = reversal.adjusted_id), 0) AS taken,
            -coalesce(
                sum(consumption.points) FILTER (WHERE consumption.entry_id = reversal.entry_id AND consumption.points < 0), 0
            ) AS given_back
        FROM (
            SELECT entry_id, adjusted_id, entry_id AS part_id
            FROM engagement_adjustmentreversal WHERE organization_id = %(organization)s
            UNION ALL
            SELECT entry_id, adjusted_id, adjusted_id
            FROM engagement_adjustmentreversal WHERE organization_id = %(organization)s
        ) AS reversal
        JOIN engagement_pointsentry AS entry ON entry.id = reversal.entry_id AND entry.points > 0
        JOIN engagement_pointsconsumption AS consumption ON consumption.entry_id = reversal.part_id
        GROUP BY 1, 2
    ) AS pairs
    WHERE taken <> given_back AND (taken > 0 OR given_back > 0)
    ORDER BY 1, 2
    """,
)
