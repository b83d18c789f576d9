"""Points redeemed on a bill that a return gives back, if the program says so (docs/organization-file.md, `returns`)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import BigIntegerField, F

from engagement.bills.models import Bill
from engagement.numbers.rounding import round_points, share
from engagement.points.ledger.posting import EntryContext
from engagement.points.ledger.repository import lock_accounts, settle_states
from engagement.programs.catalog import ProgramCatalog
from engagement.redemptions.models import Redemption
from engagement.redemptions.reversing import give_back
from loyalty_project.db.lookups import is_any_of
from organizations.audit.actors import Actor


def give_back_redeemed(
    bills: Sequence[Bill], *, catalog: ProgramCatalog, by: Actor, now: datetime, is_history: bool = False
) -> None:
    """Give points redeemed on the sales that these returns bring back to their lots, in proportion of what came back.

    In all, floor(points redeemed x amount returned so far / amount of the sale), less what reversals gave back; a sale that
    came back whole gives all. Nothing is read if no program gives back. Call it in a transaction that holds the customers.
    """
    generous = [pk for pk, current in catalog.by_id.items() if current.rules.give_back_redeemed]
    returns = [bill for bill in bills if bill.is_return and bill.counts and bill.return_of_id is not None]
    if not generous or not returns:
        return
    sales = {bill.return_of_id for bill in returns}
    redeemed = Redemption.objects.filter(is_any_of("bill_id", sales, BigIntegerField()), reversed__lt=F("points"))
    of_sale: defaultdict[int, list[Redemption]] = defaultdict(list)
    for redemption in redeemed.filter(account__program_id__in=generous).select_related("account", "entry").order_by("pk"):
        of_sale[redemption.bill_id or 0].append(redemption)
    if not of_sale:
        return
    owners = {redemption.account.customer_id for redemptions in of_sale.values() for redemption in redemptions}
    states = lock_accounts(owners, zone=by.organization.zone)
    for bill in sorted(returns, key=lambda returned: (returned.billed_at, returned.pk)):
        for redemption in of_sale.get(bill.return_of_id or 0, ()):
            points = _due(redemption, bill, precision=catalog.by_id[redemption.account.program_id].rules.precision)
            if points > 0:
                settle_states(states.values(), until=bill.billed_at if is_history else now, recorded_at=now)
                give_back(redemption, points, states=states, facts=_context(bill, redemption, by, now), by=by)


def _due(redemption: Redemption, bill: Bill, *, precision: int) -> Decimal:
    """Points to be given back after the return, less those that came back before."""
    sale = bill.return_of
    if sale is None or bill.sale_returned >= sale.amount:
        return redemption.points - redemption.reversed
    return round_points(share(redemption.points, bill.sale_returned, sale.amount), precision) - redemption.reversed


def _context(bill: Bill, redemption: Redemption, by: Actor, now: datetime) -> EntryContext:
    sale = bill.return_of
    return EntryContext(
        occurred_at=bill.billed_at,
        recorded_at=now,
        made_by=by.name,
        bill_id=bill.pk,
        till=bill.till,
        store=bill.store,
        explanation={
            "because": "reversal", "redemption": redemption.code, "sale": sale.number if sale else "",
        },
    )  # fmt: skip
