"""Taking back all points of customers whose registration is undone."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from engagement.points.explanations import IMPORT_UNDONE
from engagement.points.ledger.posting import ZERO, EntryContext, Kind, Take, post
from engagement.points.ledger.repository import lock_accounts, write_accounts
from organizations.audit.actors import Actor


def take_back_all(customers: Iterable[int], *, by: Actor, now: datetime) -> Decimal:
    """Take all that these customers (ids) may spend, each lot by an entry of its own account; returns the points.

    Call it under the customers' locks, in a transaction. Locks the accounts.
    """
    taken = ZERO
    states = [state for state in lock_accounts(customers, zone=by.organization.zone).values() if state.account.balance > 0]
    for state in states:
        takes: list[Take] = [(lot, lot.left) for lot in state.spendable()]
        facts = EntryContext(occurred_at=now, recorded_at=now, made_by=by.name, explanation={"because": IMPORT_UNDONE})
        taken -= post(state, Kind.RETURN, points=-state.account.balance, takes=takes, facts=facts).points
    write_accounts(states)
    return taken
