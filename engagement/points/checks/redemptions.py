"""Checks of redemptions and their reversals."""

from engagement.points.checks.check import Check

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
