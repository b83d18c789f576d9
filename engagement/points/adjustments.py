"""Adjustments of points by staff: ledger entries with a reason."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from customers.profile.locks import lock_customer
from engagement.numbers.display import format_points
from engagement.numbers.rounding import TooManyPointsError
from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import award, spend
from engagement.points.ledger.posting import EntryContext, InsufficientPointsError, Kind
from engagement.points.ledger.repository import lock_accounts, settle_states, write_accounts
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import newest_versions
from loyalty_project import clock
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes


class AdjustmentRefusedError(ValueError):
    """The adjustment is not possible; the text is a sentence for staff. Nothing was changed."""


@transaction.atomic
def adjust_points(
    account: PointsAccount, points: Decimal, *, reason: str, expires_on: date | None = None, by: Actor
) -> PointsEntry:
    """Add points (> 0) that expire after `expires_on` (None: never), or take points back (< 0), first expiring first.

    `reason` (1 to 250 characters) is stored with the entry and in the audit. Locks the customer, then the accounts. Raises
    `AdjustmentRefusedError` for more decimals than the program has, for a day in the past, and for more points than the
    balance; `django.db.OperationalError` (55P03) if a lock is not free in time.
    """
    version = newest_versions()[account.program_id]
    now = clock.now()
    zone = by.organization.zone
    _check(points, precision=version.typed_rules.precision, expires_on=expires_on, today=now.astimezone(zone).date())
    lock_customer(account.customer_id)
    state = lock_accounts([account.customer_id], zone=zone)[AccountKey(account.customer_id, account.program_id)]
    settle_states([state], until=now, recorded_at=now)
    facts = EntryContext(
        occurred_at=now,
        recorded_at=now,
        made_by=by.name,
        version=version,
        note=reason,
        explanation={"because": "adjustment"},
    )
    try:
        if points > 0:
            entry = award(state, points, facts=facts, expiry=Expiry(on=expires_on), as_adjustment=True)
        else:
            entry = spend(state, -points, kind=Kind.ADJUST, facts=facts)
    except InsufficientPointsError:
        balance = format_points(max(state.account.balance, Decimal(0)))
        raise AdjustmentRefusedError(f"Only {balance} points can be taken back.") from None
    except TooManyPointsError:
        raise AdjustmentRefusedError("The balance would be too large.") from None
    write_accounts([state])
    new = {"points": plain_digits(points), "balance": plain_digits(entry.balance_after), "reason": reason}
    if expires_on:
        new["expires_on"] = expires_on.isoformat()
    record_changes([Change(action="points adjusted", object_type="pointsaccount", object_id=state.account.pk, new=new)], by=by)
    return entry


def _check(points: Decimal, *, precision: int, expires_on: date | None, today: date) -> None:
    if not points:
        raise AdjustmentRefusedError("Enter a number of points other than 0.")
    if points != points.quantize(Decimal(1).scaleb(-precision)):
        raise AdjustmentRefusedError(f"The program allows {_decimals(precision)}.")
    if expires_on is not None and points < 0:
        raise AdjustmentRefusedError("Only points that are added can have an expiry date.")
    if expires_on is not None and expires_on < today:
        raise AdjustmentRefusedError("The expiry date is in the past.")


def _decimals(precision: int) -> str:
    return "whole points only" if not precision else f"at most {precision} decimal{'s' if precision > 1 else ''}"
