"""Referral codes: made when they are first asked for, and found again (docs/protocol.md 4.1, 4.11)."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, CharField

from customers.profile.locks import lock_customers
from loyalty_project.db.lookups import is_any_of
from organizations.policies import Policy
from organizations.tenancy.statements import write_rows
from referrals.campaigns.eligibility import refusal_of
from referrals.referral_codes.models import ReferralCode

# No I, O, 0 and 1. A power of two, so that each character has the same chance: 50 random bits a code.
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH: Final = 10
_MOST_DRAWS: Final = 10
_CHARACTER_OF_BYTE: Final = (ALPHABET * (256 // len(ALPHABET))).encode()
# Another process may have made the customer's code, or drawn the same one: then nothing is written.
_INSERT: Final = """
INSERT INTO referrals_referralcode (organization_id, campaign_id, customer_id, code, made_at)
SELECT %(organization)s, %(campaign)s, given.customer, given.code, %(now)s
FROM unnest(%(customers)s::bigint[], %(codes)s::text[]) AS given (customer, code)
ON CONFLICT DO NOTHING
"""


class NoFreeCodeError(Exception):
    """The drawn codes were all taken: with 50 random bits a sign of a broken random source."""


@dataclass(frozen=True, slots=True)
class SharedCode:
    """A referral code with the customer who refers by it (id): the survivor if its owner was merged."""

    row: ReferralCode
    referrer_id: int


def folded(code: str) -> str:
    """The form in which codes are stored and compared."""
    return code.strip().upper()


def draw_code() -> str:
    """A code from the system's secure random source, without letters and digits that look alike."""
    return os.urandom(LENGTH).translate(_CHARACTER_OF_BYTE).decode()


def ensure_codes(customer_ids: Collection[int], *, campaign_id: int, policy: Policy, now: datetime) -> None:
    """Give those of these customers who may refer (`campaigns.eligibility`) their code in a campaign, if they have none.

    Call it in a transaction. Locks the customers; the uniqueness of code, customer and campaign is underneath. Raises
    `django.db` errors for locks (55P03, 40001), and `NoFreeCodeError`.
    """
    locked = lock_customers(customer_ids, may_be_erased=True)
    may_refer = {pk for pk, customer in locked.items() if refusal_of(customer, policy) is None}
    known = ReferralCode.objects.filter(is_any_of("customer_id", may_refer, BigIntegerField()), campaign=campaign_id)
    for _ in range(_MOST_DRAWS):
        missing = sorted(may_refer.difference(known.values_list("customer_id", flat=True))) if may_refer else []
        if not missing:
            return
        codes = [draw_code() for _ in missing]
        write_rows(_INSERT, {"campaign": campaign_id, "customers": missing, "codes": codes, "now": now})
    raise NoFreeCodeError


def find_codes(codes: Iterable[str]) -> Mapping[str, SharedCode]:
    """The codes of the scope's organization among these, by their folded form: one query, none without codes."""
    wanted = {folded(code) for code in codes}
    if not wanted:
        return {}
    rows = ReferralCode.objects.filter(is_any_of("code", wanted, CharField())).select_related("customer")
    return {row.code: SharedCode(row, row.customer.merged_into_id or row.customer_id) for row in rows}
