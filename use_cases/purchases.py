"""Recording of bills and returns with their points, for tills and imports alike.

A till's bill is a batch of one; a file is batches of thousands (docs/protocol.md, tills' part 2.6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.db import Error

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from engagement.bills.codes import BillCode
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.lines import AddedLine, add_lines
from engagement.bills.models import Bill
from engagement.bills.recording import RecordedBill, record_bills
from engagement.bills.returned_sales import owners_of_returned
from engagement.coupons import bill_links as coupon_links
from engagement.earning.awarding import award_bills, loyal_of
from engagement.earning.batch import BillAward
from engagement.earning.later_lines import award_later_lines
from engagement.events.deferral import BILL, WAITS, defer_event
from engagement.points.errors import PointsStepError, points_code
from engagement.points.ledger.repository import States, lock_accounts
from engagement.programs.catalog import ProgramCatalog
from engagement.redemptions import bill_links as redemption_links
from engagement.redemptions.bill_links import link_earlier_redemptions
from engagement.redemptions.giving_back import give_back_redeemed
from loyalty_project.db.savepoints import confined
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.audit.actors import Actor
from referrals.campaigns.catalog import CampaignCatalog
from referrals.links.services import referrers_of
from use_cases.rewards import reward_first_bills

# The code of each broken constraint, if a race gets past the locks: the same bill may succeed later.
CONSTRAINTS: Mapping[str, Code] = {
    "bill_identity_unique": Code.INVALID_INPUT,
    "bill_return_identity_unique": Code.INVALID_INPUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Result of one bill: the recorded bill and its points.

    `customer` is locked. `has_coupon_uses`: earlier uses of the customer's coupons may belong to the bill.
    """

    recorded: RecordedBill
    award: BillAward
    customer: Customer | None = None
    has_coupon_uses: bool = False

    @property
    def notices(self) -> list[Notice]:
        """Warnings of the bill and of its points."""
        return [*self.recorded.notices, *self.award.notices]


def record_purchases(
    drafts: Sequence[BillDraft],
    *,
    catalog: ProgramCatalog,
    campaigns: CampaignCatalog,
    by: Actor,
    now: datetime,
    is_history: bool = False,
    defer_awards: bool = False,
) -> list[Purchase | LoyaltyError]:
    """Record bills and returns and award their points, in a number of queries that does not grow with the bills.

    The customers are locked first, with the buyers of anonymously returned bills and those who referred them. An organization
    without campaigns pays no statement for referrals. Results are in the order given; a refused draft is its `LoyaltyError` and
    leaves no trace. `is_history` treats each bill as of its own moment; the same bill again is unchanged, whatever the policy
    for tills (docs/imports.md). `defer_awards` leaves the points to a worker, with warning 687; so does 1094 where earlier
    events of the customer wait. Where the points step of one bill fails, alone or with its parts, the bill is kept, its points
    are deferred, and a warning 1086-1099 says why; of several bills at once, the error is raised. Call it in a transaction.
    """
    organization = by.organization
    named = {draft.customer_id for draft in drafts if draft.customer_id is not None}
    buyers = named | owners_of_returned(drafts)
    locked = buyers if campaigns.is_empty else buyers | referrers_of(buyers)
    customers = lock_customers(locked, may_be_erased=True)
    policy = replace(organization.policy, strict_duplicate_bill=False) if is_history else organization.policy
    accounts = _lock_accounts(drafts, customers, by)
    recorded = record_bills(
        drafts,
        customers=customers,
        organization=organization,
        policy=policy,
        by=by,
        now=now,
        # Imported bills wait for nothing, and name no redemptions: points are imported separately.
        further=() if is_history else _PENDING,
    )
    new = [result.bill for result in recorded if isinstance(result, RecordedBill) and result.is_new]
    waiting, with_points, with_coupons = (_customers_with(number, recorded) for number in range(len(_PENDING)))
    deferred = {bill.pk for bill in new if bill.counts and (defer_awards or bill.customer_id in waiting)}
    awards = _award(
        [bill for bill in new if bill.pk not in deferred],
        customers=customers,
        catalog=catalog,
        campaigns=campaigns,
        by=by,
        now=now,
        is_history=is_history,
        accounts=accounts,
    )
    for bill in new:
        if bill.pk in deferred:
            code = BillCode.POINTS_LATER if defer_awards else Code.EVENTS_WAITING
            awards[bill.pk] = BillAward(notices=[Notice(code)])
            _defer_award(bill, customers, by)
    link_earlier_redemptions([bill for bill in new if bill.customer_id in with_points], zone=organization.zone)
    return [
        Purchase(
            recorded=result,
            award=awards.get(result.bill.pk, BillAward()) if result.is_new else BillAward(),
            customer=customers.get(result.bill.customer_id or 0),
            has_coupon_uses=result.bill.customer_id in with_coupons,
        )
        if isinstance(result, RecordedBill)
        else result
        for result in recorded
    ]


# Deferred events of a customer, and redemptions and uses of coupons that may belong to a new bill.
_PENDING: Final = (WAITS, redemption_links.AWAITS_BILL, coupon_links.AWAITS_BILL)


def _customers_with(number: int, recorded: Sequence[RecordedBill | LoyaltyError]) -> set[int]:
    """The customers (ids) for which this expression of `_PENDING` is true."""
    results = (result for result in recorded if isinstance(result, RecordedBill) and result.noted)
    return {result.bill.customer_id for result in results if result.noted[number] and result.bill.customer_id is not None}


@dataclass(slots=True, kw_only=True)
class RecordedLine:
    """Result of a line of a file. The first new line of a bill has the warnings of what the bill earned by its lines."""

    is_new: bool
    notices: list[Notice] = field(default_factory=list)


def record_lines(
    lines: Sequence[tuple[BillDraft, LineDraft]], *, catalog: ProgramCatalog, by: Actor, now: datetime
) -> list[RecordedLine | LoyaltyError]:
    """Add lines to the sales that their drafts name, and award these what they earn with them, less what they earned before.

    The customers are locked first. Results are in the order given. Call it in a transaction.
    """
    organization = by.organization
    customers = lock_customers({draft.customer_id for draft, _ in lines if draft.customer_id is not None})
    added = add_lines(lines, organization=organization)
    changed = {result.bill.pk for result in added if isinstance(result, AddedLine) and result.is_new}
    awards = (
        award_later_lines(changed, customers=customers, catalog=catalog, organization=organization, by=by, now=now)
        if changed
        else {}
    )
    results: list[RecordedLine | LoyaltyError] = []
    for result in added:
        if isinstance(result, LoyaltyError):
            results.append(result)
            continue
        award = awards.pop(result.bill.pk, None) if result.is_new else None
        results.append(RecordedLine(is_new=result.is_new, notices=award.notices if award else []))
    return results


def _lock_accounts(drafts: Sequence[BillDraft], customers: Mapping[int, Customer], by: Actor) -> States | None:
    """The accounts of the buyers of sales, locked before the bills are written, so that all rows are written together.

    None if there are returns, which may give points back first, and if it fails: the awards try again.
    """
    loyal = loyal_of(customers.keys() & {draft.customer_id for draft in drafts}, customers)
    if not loyal or any(draft.is_return for draft in drafts):
        return None
    try:
        with confined():
            return lock_accounts(loyal, zone=by.organization.zone)
    except Error:
        return None


def _award(
    bills: Sequence[Bill],
    *,
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    campaigns: CampaignCatalog,
    by: Actor,
    now: datetime,
    is_history: bool,
    accounts: States | None,
) -> dict[int, BillAward]:
    """Award points as a step of its own: if it fails, a single bill with its parts is still recorded; a worker awards later."""
    try:
        with confined():
            return award_points(
                bills,
                customers=customers,
                catalog=catalog,
                campaigns=campaigns,
                by=by,
                now=now,
                is_history=is_history,
                accounts=accounts,
            )
    except (Error, PointsStepError) as error:
        code = error.code if isinstance(error, PointsStepError) else points_code(error)
        whole = [bill for bill in bills if bill.part_of_id is None]
        if code is None or len(whole) != 1:
            raise
        for bill in bills:
            if bill.counts:
                _defer_award(bill, customers, by)
        return {whole[0].pk: BillAward(notices=[Notice(code)])}


def award_points(
    bills: Sequence[Bill],
    *,
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    campaigns: CampaignCatalog,
    by: Actor,
    now: datetime,
    is_history: bool = False,
    accounts: States | None = None,
) -> dict[int, BillAward]:
    """Post everything that recorded bills do to points. Raises as `award_bills`; call it in a transaction.

    `accounts` are those of the bills' customers, if they are locked already.

    What returns give back comes first, so that it may pay for what they take; rewards of referrals come last.
    """
    give_back_redeemed(bills, catalog=catalog, by=by, now=now, is_history=is_history)
    awards = award_bills(
        bills,
        customers=customers,
        catalog=catalog,
        organization=by.organization,
        by=by,
        now=now,
        is_history=is_history,
        states=accounts,
    )
    if not campaigns.is_empty:
        reward_first_bills(bills, awards, customers=customers, catalog=catalog, by=by, now=now)
        for award in awards.values():
            # Rewards may have changed what is stored.
            award.states = None
    return awards


def _defer_award(bill: Bill, customers: Mapping[int, Customer], by: Actor) -> None:
    defer_event(customer=customers[bill.customer_id or 0], kind=BILL, payload={"bill": bill.pk}, by=by)
