"""Who may be registered twice? Pairs of customers with what speaks for it: suggestions, on which people decide.

Each kind of evidence is one statement that groups customers by what they have in common; pairs are made within groups alone, so
that the work grows with the customers and not with their square. A group of many is a common name, and proves nothing.
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
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization

Evidence = DuplicateCandidate.Evidence
State = DuplicateCandidate.State
Pair = tuple[int, int]
# So many customers at most may have something in common for it to speak for one person.
LARGEST_GROUP: Final = 10
_AT_ONCE: Final = 1000

# Whom customers' cards are known by: their own numbers, what a till noted beside another registration, and numbers that were
# taken for an external id. A card itself never has two customers.
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
        UNION SELECT teller.id, (channel ->> 'value') COLLATE "C" FROM customers_customer AS teller,
            LATERAL jsonb_array_elements(teller.comm_channels) AS channel
            WHERE teller.organization_id = %(organization)s AND channel ->> 'type' = 'CARD_NUMBER'
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
# No country code is the beginning of another.
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
# Those who have something in common and yet differ in it: the same e-mail address twice is what the policy allows.
_GROUPS: Final = """
    SELECT array_agg(known.customer_id), array_agg(known.value) FROM ({known}) AS known
    JOIN customers_customer AS standing ON standing.id = known.customer_id AND standing.merged_into_id IS NULL
    GROUP BY known.common HAVING min(known.value) <> max(known.value)
"""
_CODES: Final = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]


@dataclass(slots=True)
class LikelyPairs:
    """What a search found: the evidence for each pair, and how many groups of each kind were too large to prove anything."""

    pairs: dict[Pair, list[Evidence]] = field(default_factory=dict)
    crowds: Counter[Evidence] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSummary:
    """What a search came to. `evidence` counts the pairs that each kind speaks for, whatever was decided on them."""

    evidence: Mapping[Evidence, int]
    crowds: Mapping[Evidence, int]
    new: int
    known: int
    gone: int
    dismissed: int

    def __str__(self) -> str:
        return f"new={self.new} known={self.known} gone={self.gone} dismissed={self.dismissed}"


def find_duplicates(organization: Organization) -> SearchSummary:
    """Search the scope's organization, and bring the candidates to what was found.

    New pairs are added, open ones that no longer hold are dropped, decisions are kept. Two searches at once find the same.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Among millions a statement may take longer than a call ever should.
            cursor.execute("SET LOCAL statement_timeout = 0")
        found = likely_pairs(organization)
        return _keep(found, organization)


def likely_pairs(organization: Organization) -> LikelyPairs:
    """Every pair of customers for which something speaks, with all that does, in the order of `Evidence`. Four queries."""
    found, pairs = LikelyPairs(), defaultdict[Pair, list[Evidence]](list)
    for evidence in Evidence:
        for customers, values in _groups(evidence, organization):
            if len(customers) > LARGEST_GROUP:
                found.crowds[evidence] += 1
                continue
            for (one, value), (other, another) in combinations(sorted(zip(customers, values, strict=True)), 2):
                if value != another and evidence not in pairs[one, other]:
                    pairs[one, other].append(evidence)
    found.pairs = dict(pairs)
    return found


def dismiss_candidate(candidate: DuplicateCandidate, *, by: Actor) -> bool:
    """They are not one person: keep that, with who says so. False where somebody has decided already."""
    with transaction.atomic(savepoint=False):
        is_open = DuplicateCandidate.objects.filter(pk=candidate.pk, state=State.OPEN)
        if not is_open.update(state=State.DISMISSED, decided_by=by.name, decided_on=clock.now()):
            return False
        pair = {"customers": [candidate.first_id, candidate.second_id], "evidence": candidate.evidence}
        dismissed = Change(action="dismissed", object_type="duplicatecandidate", object_id=candidate.pk, new=pair)
        record_changes([dismissed], by=by)
    return True


def settle_candidates(*, victim: int, survivor: int, by: Actor) -> None:
    """`victim` (id) has been merged into `survivor`: their pair says so, and nobody else is like the victim any more.

    Call it in the transaction of the merge.
    """
    of_victim = DuplicateCandidate.objects.filter(Q(first=victim) | Q(second=victim))
    _pair(victim, survivor).update(state=State.MERGED, decided_by=by.name, decided_on=clock.now())
    of_victim.filter(state=State.OPEN).delete()


def reopen_candidate(*, victim: int, survivor: int) -> None:
    """The merge of these two (ids) has been undone: whether they are one person is open again."""
    _pair(victim, survivor).update(state=State.OPEN, decided_by="", decided_on=None)


def _pair(one: int, other: int) -> QuerySet[DuplicateCandidate]:
    return DuplicateCandidate.objects.filter(first=min(one, other), second=max(one, other))


def _groups(evidence: Evidence, organization: Organization) -> Iterator[tuple[Sequence[int], Sequence[str]]]:
    """Customers who have something in common, and in what form each has it."""
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


def _keep(found: LikelyPairs, organization: Organization) -> SearchSummary:
    stored = {(one.first_id, one.second_id): one for one in DuplicateCandidate.objects.filter(organization=organization)}
    new = [pair for pair in found.pairs if pair not in stored]
    again = [stored[pair] for pair in found.pairs if pair in stored]
    gone = [one.pk for pair, one in stored.items() if pair not in found.pairs and one.state == State.OPEN]
    now = clock.now()
    # Of two searches at once the other may have written a pair meanwhile: it is the same.
    DuplicateCandidate.objects.bulk_create(
        [
            DuplicateCandidate(
                organization=organization, first_id=pair[0], second_id=pair[1], evidence=found.pairs[pair], found_on=now
            )
            for pair in new
        ],
        batch_size=_AT_ONCE,
        ignore_conflicts=True,
    )
    changed = [one for one in again if one.evidence != found.pairs[one.first_id, one.second_id]]
    for one in changed:
        one.evidence = found.pairs[one.first_id, one.second_id]
    update_rows(changed, ["evidence"])
    # Whoever dismissed one of them while the search ran has the last word.
    DuplicateCandidate.objects.filter(pk__in=gone, state=State.OPEN).delete()
    return SearchSummary(
        evidence=Counter(kind for kinds in found.pairs.values() for kind in kinds),
        crowds=found.crowds,
        new=len(new),
        known=sum(one.state == State.OPEN for one in again),
        gone=len(gone),
        dismissed=sum(one.state == State.DISMISSED for one in again),
    )
