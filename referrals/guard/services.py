"""Search for evidence that the sides of a referral are one person, or that a ring refers itself.

Compared with a referee are the referrer, the referrers above (at most ten), and the latest hundred other referees of the
referrer; of each also the customers who were merged with them.
"""

from collections.abc import Collection
from typing import Final

from organizations.tenancy.statements import fetch_rows
from referrals.guard.evidence import Evidence

MOST_ABOVE: Final = 10
MOST_BESIDE: Final = 100
# Mobiles are compared with phone numbers of other channels too, by their digits. Of an address, dots and what follows a plus
# do not count, and googlemail.com is gmail.com. An account at a source is the organization's own, shared by many: with it the
# name has to be the same. Former and inherited identifiers count like current ones.
_EVIDENCE: Final = """
WITH RECURSIVE link AS (
    SELECT known.id, coalesce(referee.merged_into_id, referee.id) AS referee,
        coalesce(referrer.merged_into_id, referrer.id) AS referrer
    FROM referrals_referrallink AS known
    JOIN customers_customer AS referee ON referee.organization_id = %(organization)s AND referee.id = known.referee_id
    JOIN customers_customer AS referrer ON referrer.organization_id = %(organization)s AND referrer.id = known.referrer_id
    WHERE known.organization_id = %(organization)s AND known.id = ANY(%(links)s::bigint[])
), above AS (
    SELECT link.id, link.referrer AS member, 1 AS depth FROM link
    UNION
    SELECT above.id, coalesce(parent.merged_into_id, parent.id), above.depth + 1
    FROM above
    JOIN customers_customer AS own ON own.organization_id = %(organization)s
        AND (own.id = above.member OR own.merged_into_id = above.member)
    JOIN referrals_referrallink AS known ON known.organization_id = %(organization)s AND known.referee_id = own.id
    JOIN customers_customer AS parent ON parent.organization_id = %(organization)s AND parent.id = known.referrer_id
    WHERE above.depth < %(most_above)s
), ring AS (
    SELECT id, member FROM above
    UNION
    SELECT link.id, coalesce(other.merged_into_id, other.id)
    FROM link
    CROSS JOIN LATERAL (
        SELECT beside.referee_id FROM referrals_referrallink AS beside
        WHERE beside.organization_id = %(organization)s AND beside.referrer_id = link.referrer AND beside.id <> link.id
        ORDER BY beside.id DESC LIMIT %(most_beside)s
    ) AS beside
    JOIN customers_customer AS other ON other.organization_id = %(organization)s AND other.id = beside.referee_id
), side AS (
    SELECT id, referee AS member, true AS is_referee FROM link
    UNION ALL SELECT id, member, false FROM ring
), account AS (
    SELECT side.id, side.is_referee, own.id AS customer, own.comm_channels,
        own.firstname_folded || ' ' || own.lastname_folded AS name
    FROM side
    JOIN customers_customer AS own ON own.organization_id = %(organization)s
        AND (own.id = side.member OR own.merged_into_id = side.member)
), channel AS (
    SELECT account.id, account.is_referee, (shown.channel ->> 'type') COLLATE "C" AS type,
        (shown.channel ->> 'value') COLLATE "C" AS value
    FROM account, LATERAL jsonb_array_elements(account.comm_channels) AS shown (channel)
), address AS (
    SELECT account.id, account.is_referee, known.value
    FROM account
    JOIN customers_identifier AS known ON known.organization_id = %(organization)s AND known.customer_id = account.customer
        AND known.kind = 'email'
    UNION ALL SELECT id, is_referee, lower(value) FROM channel WHERE type = 'EMAIL'
), mark AS (
    SELECT account.id, account.is_referee, CASE known.kind WHEN 'mobile' THEN 'MOBILE' ELSE 'CARD' END AS kind, known.value
    FROM account
    JOIN customers_identifier AS known ON known.organization_id = %(organization)s AND known.customer_id = account.customer
        AND known.kind IN ('mobile', 'external_id')
    UNION ALL
    SELECT id, is_referee, 'MOBILE', regexp_replace(value, '[^0-9]', '', 'g')
    FROM channel WHERE type IN ('MOBILE', 'PHONE', 'WHATSAPP')
    UNION ALL
    SELECT id, is_referee, 'EMAIL', replace(split_part(split_part(value, '@', 1), '+', 1), '.', '') || '@'
        || CASE split_part(value, '@', 2) WHEN 'googlemail.com' THEN 'gmail.com' ELSE split_part(value, '@', 2) END
    FROM address
    UNION ALL
    SELECT account.id, account.is_referee, 'CARD', shown.number
    FROM account
    JOIN customers_card AS card ON card.organization_id = %(organization)s AND card.customer_id = account.customer
    CROSS JOIN LATERAL (VALUES (card.number), (card.external_id)) AS shown (number)
    WHERE shown.number <> ''
    UNION ALL SELECT id, is_referee, 'CARD', value FROM channel WHERE type = 'CARD_NUMBER'
    UNION ALL
    SELECT account.id, account.is_referee, 'SOURCE_ACCOUNT', profile.source || ' ' || profile.account || ' ' || account.name
    FROM account
    JOIN customers_sourceprofile AS profile ON profile.organization_id = %(organization)s
        AND profile.customer_id = account.customer
    WHERE account.name <> ' '
    UNION ALL
    SELECT id, is_referee, 'SOURCE_ACCOUNT', type || ' ' || value
    FROM channel WHERE type IN ('WECHAT', 'LINE', 'FACEBOOK', 'ZALO', 'VIBER', 'ANDROID', 'IOS')
    UNION ALL SELECT id, is_referee, 'MERGED', customer::text COLLATE "C" FROM account
    UNION ALL
    SELECT account.id, account.is_referee, 'MERGED', merge.victim_id::text COLLATE "C"
    FROM account
    JOIN customers_merge AS merge ON merge.organization_id = %(organization)s AND merge.survivor_id = account.customer
)
SELECT DISTINCT referee.id, referee.kind
FROM mark AS referee
JOIN mark AS other ON other.id = referee.id AND other.kind = referee.kind AND other.value = referee.value
WHERE referee.is_referee AND NOT other.is_referee AND referee.value <> ''
"""


def find_evidence(links: Collection[int]) -> dict[int, list[Evidence]]:
    """The evidence against each of these links (ids), in the order of `Evidence`; none for most. One statement.

    Merged accounts have all in common: nothing else is said of them.
    """
    if not links:
        return {}
    values = {"links": sorted(links), "most_above": MOST_ABOVE, "most_beside": MOST_BESIDE}
    found: dict[int, set[str]] = {}
    for link, kind in fetch_rows(_EVIDENCE, values):
        found.setdefault(link, set()).add(kind)
    return {
        link: [Evidence.MERGED] if Evidence.MERGED in kinds else [kind for kind in Evidence if kind in kinds]
        for link, kinds in found.items()
    }
