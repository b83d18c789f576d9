"""Likely duplicates: pairs of customers with evidence, on which staff decide.

Each kind of evidence is one statement that groups customers by a common value. Pairs are made within groups only, so that
the work grows linearly with the customers. A large group shares a common name, and is not evidence.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

import phonenumbers
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from psycopg import sql

from customers.duplicates.models import DuplicateCandidate
from loyalty_project import clock
from loyalty_project.db.rows import update_rows
from loyalty_project.db.whole_reads import whole_read
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization

Evidence = DuplicateCandidate.Evidence
State = DuplicateCandidate.State
Pair = tuple[int, int]
# Most customers who may share a value for it to be evidence.
LARGEST_GROUP: Final = 10
_BATCH: Final = 1000

# Card numbers of customers: their cards, cards noted as a channel of another registration, and external ids that are card
# numbers. A card itself never has two customers.
_CARDS: Final = """
    SELECT shown.customer_id, shown.customer_id::text AS value,
        ARRAY[shown.card, person.firstname_folded, person.lastname_folded] AS common
    FROM (
        SELECT customer_id, number FROM customers_card WHERE organization_id = %(organization)s AND customer_id IS NOT NULL
        UNION SELECT customer_id, external_id FROM customers_card
            WHERE organization_id = %(organization)s AND customer_id IS NOT NULL AND external_id <> ''
        UNION SELECT known.customer_id, known.value FROM customers_identifier AS known
            JOIN customers_card AS card ON card.organization_id = known.organization_id AND card.number = known.value
            WHERE known.organization_id = %(organization)s AND known.kind = 'external_id' AND known.state = 'CURRENT'
        UNION SELECT registration.id, (channel ->> 'value') COLLATE "C" FROM customers_customer AS registration,
            LATERAL jsonb_array_elements(registration.comm_channels) AS channel
            WHERE registration.organization_id = %(organization)s AND channel ->> 'type' = 'CARD_NUMBER'
    ) AS shown (customer_id, card)
    JOIN customers_customer AS person ON person.id = shown.customer_id
    WHERE person.firstname_folded || person.lastname_folded <> ''
"""
_SOURCE_ACCOUNTS: Final = """
    SELECT profile.customer_id, profile.customer_id::text AS value,
        ARRAY[profile.source, profile.account, person.firstname_folded, person.lastname_folded] AS common
    FROM customers_sourceprofile AS profile
    JOIN customers_customer AS person ON person.id = profile.customer_id
    WHERE profile.organization_id = %(organization)s AND person.firstname_folded || person.lastname_folded <> ''
"""
# No country code is the prefix of another.
_MOBILES: Final = """
    SELECT customer_id, value, CASE
        WHEN left(value, 1) = ANY(%(codes_of_one)s) THEN substr(value, 2)
        WHEN left(value, 2) = ANY(%(codes_of_two)s) THEN substr(value, 3)
        ELSE substr(value, 4) END AS common
    FROM customers_identifier
    WHERE organization_id = %(organization)s AND kind = 'mobile' AND state = 'CURRENT'
"""
_EMAILS: Final = """
    SELECT customer_id, value, replace(name, '.', '') || '@' || split_part(value, '@', 2) AS common
    FROM customers_identifier, LATERAL split_part(split_part(value, '@', 1), '+', 1) AS name
    WHERE organization_id = %(organization)s AND kind = 'email' AND state = 'CURRENT' AND replace(name, '.', '') <> ''
"""
_KNOWN: Final[Mapping[Evidence, str]] = {
    Evidence.CARD: _CARDS,
    Evidence.SOURCE_ACCOUNT: _SOURCE_ACCOUNTS,
    Evidence.MOBILE: _MOBILES,
    Evidence.EMAIL: _EMAILS,
}
# Customers with a common value whose own values differ: equal e-mail addresses are allowed by the policy.
_GROUPS: Final = """
    SELECT array_agg(known.customer_id), array_agg(known.value) FROM ({known}) AS known
    JOIN customers_customer AS unmerged ON unmerged.id = known.customer_id AND unmerged.merged_into_id IS NULL
    GROUP BY known.common HAVING min(known.value) <> max(known.value)
"""
_CODES: Final = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]


@dataclass(slots=True)
class LikelyPairs:
    """The evidence for each pair, and the number of groups of each kind that were too large."""

    pairs: dict[Pair, list[Evidence]] = field(default_factory=dict)
    large_groups: Counter[Evidence] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """Summary of a search. `evidence` counts the pairs of each kind, whatever was decided on them."""

    evidence: Mapping[Evidence, int]
    large_groups: Mapping[Evidence, int]
    new: int
    known: int
    gone: int
    dismissed: int

    def __str__(self) -> str:
        return f"new={self.new} known={self.known} gone={self.gone} dismissed={self.dismissed}"


def find_duplicates(organization: Organization) -> SearchSummary:
    """Search the scope's organization, and update the candidates.

    New pairs are added, open pairs without evidence are deleted, decisions are kept. Concurrent searches have the same result.
    """
    with whole_read():
        likely = likely_pairs(organization)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Among millions of customers a statement may take longer than the limit of calls.
            cursor.execute("SET LOCAL statement_timeout = 0")
        return _save(likely, organization)


def likely_pairs(organization: Organization) -> LikelyPairs:
    """Every pair of customers with its evidence, in the order of `Evidence`. Four queries."""
    likely, pairs = LikelyPairs(), defaultdict[Pair, list[Evidence]](list)
    for evidence in Evidence:
        for customers, values in _groups(evidence, organization):
            if len(customers) > LARGEST_GROUP:
                likely.large_groups[evidence] += 1
                continue
            for (first, value), (second, other_value) in combinations(sorted(zip(customers, values, strict=True)), 2):
                if value != other_value and evidence not in pairs[first, second]:
                    pairs[first, second].append(evidence)
    likely.pairs = dict(pairs)
    return likely


def dismiss_candidate(candidate: DuplicateCandidate, *, by: Actor) -> bool:
    """Record that the two are not one person; False if the pair is decided already."""
    with transaction.atomic(savepoint=False):
        is_open = DuplicateCandidate.objects.filter(pk=candidate.pk, state=State.OPEN)
        if not is_open.update(state=State.DISMISSED, decided_by=by.name, decided_on=clock.now()):
            return False
        pair = {"customers": [candidate.first_id, candidate.second_id], "evidence": candidate.evidence}
        dismissed = Change(action="dismissed", object_type="duplicatecandidate", object_id=candidate.pk, new=pair)
        record_changes([dismissed], by=by)
    return True


def settle_candidates(*, victim: int, survivor: int, by: Actor) -> None:
    """Close the pair of two merged customers (ids), and delete other open pairs of the victim.

    Call it in the transaction of the merge.
    """
    of_victim = DuplicateCandidate.objects.filter(Q(first=victim) | Q(second=victim))
    _pair(victim, survivor).update(state=State.MERGED, decided_by=by.name, decided_on=clock.now())
    of_victim.filter(state=State.OPEN).delete()


def reopen_candidate(*, victim: int, survivor: int) -> None:
    """Reopen the pair of two customers (ids) whose merge was undone."""
    _pair(victim, survivor).update(state=State.OPEN, decided_by="", decided_on=None)


def _pair(customer_id: int, other_id: int) -> QuerySet[DuplicateCandidate]:
    return DuplicateCandidate.objects.filter(first=min(customer_id, other_id), second=max(customer_id, other_id))


def _groups(evidence: Evidence, organization: Organization) -> Iterator[tuple[Sequence[int], Sequence[str]]]:
    """Groups of customers with a common value: their ids, and the values as each has them."""
    query = sql.SQL(_GROUPS).format(known=sql.SQL(_KNOWN[evidence])).as_string(None)
    with connection.cursor() as cursor:
        cursor.execute(
            query,
            {
                "organization": organization.pk,
                "codes_of_one": [code for code in _CODES if len(code) == 1],
                "codes_of_two": [code for code in _CODES if len(code) == 2],
            },
        )
        yield from cursor.fetchall()


def _save(likely: LikelyPairs, organization: Organization) -> SearchSummary:
    rows = DuplicateCandidate.objects.filter(organization=organization)
    stored = {(row.first_id, row.second_id): row for row in rows}
    new = [pair for pair in likely.pairs if pair not in stored]
    again = [stored[pair] for pair in likely.pairs if pair in stored]
    gone = [row.pk for pair, row in stored.items() if pair not in likely.pairs and row.state == State.OPEN]
    now = clock.now()
    # A concurrent search may have inserted the same pair.
    DuplicateCandidate.objects.bulk_create(
        [
            DuplicateCandidate(
                organization=organization, first_id=pair[0], second_id=pair[1], evidence=likely.pairs[pair], found_on=now
            )
            for pair in new
        ],
        batch_size=_BATCH,
        ignore_conflicts=True,
    )
    changed = [row for row in again if row.evidence != likely.pairs[row.first_id, row.second_id]]
    for row in changed:
        row.evidence = likely.pairs[row.first_id, row.second_id]
    update_rows(changed, ["evidence"])
    # A pair that was dismissed while the search ran is kept.
    DuplicateCandidate.objects.filter(pk__in=gone, state=State.OPEN).delete()
    return SearchSummary(
        evidence=Counter(kind for kinds in likely.pairs.values() for kind in kinds),
        large_groups=likely.large_groups,
        new=len(new),
        known=sum(row.state == State.OPEN for row in again),
        gone=len(gone),
        dismissed=sum(row.state == State.DISMISSED for row in again),
    )
