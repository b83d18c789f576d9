"""What happens when somebody buys or brings something back? Everything, from top to bottom, for tills and imports alike.

A till's bill is a batch of one; a file is batches of thousands (docs/protocol.md, tills' part 2.6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import Error, transaction
from django.db.models import BigIntegerField

from customers.models import Customer
from engagement.bills import BillDraft
from engagement.payloads import points_effects
from engagement.services.bills import Recorded, owners_of_returned, record_bills
from engagement.services.earnings import Counted, count_bills
from engagement.services.failures import points_code
from engagement.services.programs import ProgramBook
from loyalty_project.api.codes import Code
from loyalty_project.api.errors import LoyaltyError, Notice
from loyalty_project.db.locking import lock
from loyalty_project.db.lookups import is_any_of
from organizations.actors import Actor

# What a broken constraint means, should a race ever get past the locks: the same bill may succeed later.
CONSTRAINTS: Mapping[str, Code] = {
    "bill_identity_unique": Code.INVALID_INPUT,
    "bill_return_identity_unique": Code.INVALID_INPUT,
}


@dataclass(slots=True, kw_only=True)
class Purchase:
    """What became of a bill: the bill, its effects as docs/protocol.md 3 prints them, what a return took back, and warnings."""

    recorded: Recorded
    counted: Counted
    effects: list[dict[str, Any]] = field(default_factory=list)

    @property
    def notices(self) -> list[Notice]:
        """All warnings, of the bill and of its points."""
        return [*self.recorded.notices, *self.counted.notices]


def record_purchases(
    drafts: Sequence[BillDraft], *, book: ProgramBook, by: Actor, now: datetime, is_history: bool = False
) -> list[Purchase | LoyaltyError]:
    """Record bills and returns, and all that they set off, in a number of queries that does not grow.

    The customers are locked first, with those whose sales come back without them. Results come in the order given; a refused
    draft is its `LoyaltyError` and leaves no trace. `is_history` judges each bill as of its own moment, and finds the same
    bill unchanged whatever the policy is for tills (docs/imports.md). A failing points step of one bill leaves the bill, with
    a warning 1086-1099; of several at once, it raises the database's error. Call it in a transaction.
    """
    organization = by.organization
    named = {draft.customer_id for draft in drafts if draft.customer_id is not None}
    customers = _locked(named | owners_of_returned(drafts))
    policy = replace(organization.policy, strict_duplicate_bill=False) if is_history else organization.policy
    recorded = record_bills(drafts, customers=customers, organization=organization, policy=policy, by=by, now=now)
    new = [one.bill for one in recorded if isinstance(one, Recorded) and one.is_new]
    counted = _count(new, customers, book, by, now, is_history=is_history)
    return [_purchase(one, counted) if isinstance(one, Recorded) else one for one in recorded]


def _locked(ids: set[int]) -> dict[int, Customer]:
    return {one.pk: one for one in lock(Customer.objects.filter(is_any_of("pk", ids, BigIntegerField())))} if ids else {}


def _count(
    bills: Sequence[Any], customers: Mapping[int, Customer], book: ProgramBook, by: Actor, now: datetime, *, is_history: bool
) -> dict[int, Counted]:
    try:
        with transaction.atomic():
            return count_bills(
                bills, customers=customers, book=book, organization=by.organization, by=by, now=now, is_history=is_history
            )
    except Error as error:
        code = points_code(error)
        if code is None or len(bills) != 1:
            raise
        return {bills[0].pk: Counted(notices=[Notice(code)], failed=True)}


def _purchase(recorded: Recorded, counted: Mapping[int, Counted]) -> Purchase:
    found = counted.get(recorded.bill.pk, Counted()) if recorded.is_new else Counted()
    return Purchase(recorded=recorded, counted=found, effects=points_effects(found.entries))
