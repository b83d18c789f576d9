"""Checks of accounts and their entries."""

from engagement.points.checks.check import Check

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

# An account is due no later than the first of its lots opens or expires.
DUE_MOMENTS = Check(
    "due_moments",
    "PointsAccount",
    """
    SELECT account.id, 'due_at', min(due), account.due_at
    FROM engagement_pointsaccount AS account
    JOIN engagement_pointslot AS lot ON lot.account_id = account.id AND lot.left > 0
    LEFT JOIN engagement_membership AS membership
        ON membership.customer_id = account.customer_id AND membership.program_id = account.program_id
    CROSS JOIN LATERAL (
        SELECT (
            coalesce(lot.opens_at, lot.awarded_at)
            AT TIME ZONE (SELECT timezone FROM organizations_organization WHERE id = %(organization)s)
        )::date AS awarded_on
    ) AS award
    CROSS JOIN LATERAL (
        SELECT CASE lot.moves
            WHEN 'membership' THEN membership.tier_expires_on
            WHEN 'rolling'
                THEN (greatest(account.last_earned_on, awarded_on) + make_interval(months => lot.moves_months))::date
            WHEN 'last_activity'
                THEN (greatest(account.last_active_on, awarded_on) + make_interval(months => lot.moves_months))::date
            ELSE lot.expires_on
        END AS last_day
    ) AS expiry
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN NOT lot.is_open THEN lot.opens_at
            WHEN last_day IS NOT NULL THEN greatest(
                (last_day + 1)::timestamp
                    AT TIME ZONE (SELECT timezone FROM organizations_organization WHERE id = %(organization)s),
                lot.opens_at
            )
        END AS due
    ) AS moment
    WHERE account.organization_id = %(organization)s
    GROUP BY account.id
    HAVING min(due) < account.due_at OR (min(due) IS NOT NULL AND account.due_at IS NULL)
    ORDER BY account.id
    """,
)
