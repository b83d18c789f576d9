"""Points that a return takes back from the sale's earnings (docs/protocol.md 7, "Returns")."""

from dataclasses import replace
from decimal import Decimal

from engagement.bills.models import Bill
from engagement.earning.batch import AwardBatch, BillAward, came_back, count_for_tier, entry_context, settle_history
from engagement.earning.parts import claim_of, parts_of_json
from engagement.points.ledger.movements import take_back
from engagement.points.models import NO_FLOOR

ZERO = Decimal(0)


def take_back_return(bill: Bill, batch: AwardBatch, result: BillAward) -> None:
    """Take back the points of the returned part of the sale (docs/protocol.md 7, "Returns")."""
    sale = bill.return_of
    if sale is None:
        return
    by_account = {state.account.pk: state for state in batch.states.values()}
    for sold in batch.shares.get(sale.pk, ()):
        state = by_account.get(sold.account_id)
        if state is None:
            continue
        settle_history(bill, state, batch)
        state.account.purchases -= bill.amount
        state.is_changed = True
        count_for_tier(bill, state, batch)
        if not batch.policy.points_return:
            continue
        current = batch.catalog.by_id[state.account.program_id]
        back = came_back(bill, sale, batch)
        target = claim_of(sold.issued, parts_of_json(sold.of_lines), back, precision=current.rules.precision)
        claim = target - sold.claimed
        if claim <= 0:
            continue
        state.account.floor = NO_FLOOR if current.rules.allow_negative else min(ZERO, state.account.balance)
        # Lots of accounts that a merge moved here are empty; they show how many of the sale's points had been spent before.
        own = [lot for lot in batch.lots[sale.pk] if batch.moved.get(lot.account_id, lot.account_id) == sold.account_id]
        facts = entry_context(bill, batch, version=None, explanation={"because": "return", "sale": sale.number})
        outcome = take_back(state, claim, own=own, claimed_spent=sold.claimed_spent, facts=replace(facts, sale_id=sale.pk))
        state.account.floor = min(ZERO, state.account.balance)
        sold.claimed += claim
        sold.taken += outcome.taken + outcome.promised
        sold.claimed_spent += outcome.spent
        batch.changed_shares[sale.pk, sold.account_id] = sold
        result.entries.append(state.entries[-1])
        result.deducted += outcome.taken + outcome.promised
