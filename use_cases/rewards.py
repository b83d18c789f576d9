"""Rewards of referees' first bills, what returns do to them, and what is due of them (docs/organization-file.md)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from customers.profile.reading import Reading, Section
from engagement.bills.models import Bill
from engagement.earning.batch import BillAward
from engagement.programs.catalog import ProgramCatalog
from organizations.audit.actors import Actor
from referrals.campaigns.catalog import load_campaigns
from referrals.links.events import Occurrence
from referrals.links.models import RefereeEvent
from referrals.links.services import links_of
from referrals.rewards.payloads import reward_effects
from referrals.rewards.services import reward_events
from referrals.rewards.taking_back import take_back_rewards
from referrals.statistics.sections import DUE_REWARDS


def reward_first_bills(
    bills: Sequence[Bill],
    awards: Mapping[int, BillAward],
    *,
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    by: Actor,
    now: datetime,
) -> None:
    """Reward the first bills of referees among these recorded bills, and take back what their returns undo.

    Effects and warnings are added to the `awards` by bill. `customers` are the buyers, locked; referrers who are not among
    them are locked here. One query if no buyer came by a referral. Call it in a transaction, after the bills' own points.
    """
    counting = sorted((bill for bill in bills if bill.counts), key=lambda bill: (bill.billed_at, bill.pk))
    links = links_of({bill.customer_id for bill in counting if bill.customer_id is not None})
    if not links:
        return
    first: dict[int, Bill] = {}
    for bill in counting:
        if not bill.is_return and bill.customer_id in links and _is_loyal(customers[bill.customer_id]):
            first.setdefault(bill.customer_id, bill)
    referrers = {link.referrer_now for link in links.values()}
    held = {**customers, **lock_customers(referrers - customers.keys())}
    occurrences = [
        Occurrence(link=links[pk], kind=RefereeEvent.Kind.TRANSACTION, at=bill.billed_at, bill=bill)
        for pk, bill in first.items()
    ]
    made = reward_events(occurrences, customers=held, catalog=catalog, by=by, now=now) if occurrences else {}
    for pk, bill in first.items():
        result = made.get(links[pk].pk)
        if result is not None and bill.pk in awards:
            awards[bill.pk].effects += reward_effects(result.rewards, zone=by.organization.zone)
            awards[bill.pk].notices += result.notices
    take_back_rewards([bill for bill in counting if bill.is_return], by=by, now=now)


def due_rewards(reading: Reading) -> Section | None:
    """The section that prints nothing and gives what is due before others print, for reads that show points or coupons."""
    return DUE_REWARDS if reading.part(load_campaigns).waits else None


def _is_loyal(customer: Customer) -> bool:
    return customer.type == Customer.Type.LOYALTY
