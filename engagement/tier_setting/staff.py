"""A tier that staff set, from now on, with a reason (docs/back-office.md)."""

from datetime import date

from django.utils.translation import gettext

from customers.profile.locks import lock_customer
from engagement.points.ledger.repository import lock_accounts, settle_states, write_accounts
from engagement.points.ledger.tiers import TierSetting, set_tier
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import current_catalog
from engagement.programs.models import Membership, Tier
from engagement.tiers.models import TierChange
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes


class TierNotSetError(Exception):
    """The tier cannot be set; the message says why."""


def set_tier_by_hand(
    membership: Membership, tier: Tier, *, reason: str, locked_until: date | None = None, by: Actor
) -> TierChange:
    """Set the tier of a member now, with its own validity; until `locked_until` the rules lift it and do not lower it.

    What is due is settled first. The tier that is held already begins its validity anew. Raises `TierNotSetError` for a tier
    that the program no longer has, for a lock that is past, and for a customer without a points account; errors as
    `lock_customer`. Call it in a transaction; it locks the customer, then the accounts.
    """
    now = clock.now()
    customer = lock_customer(membership.customer_id)
    current = current_catalog().by_id[membership.program_id]
    if tier.pk not in {known.pk for known in current.tiers}:
        raise TierNotSetError(gettext("%(tier)s is no tier of %(program)s.") % {"tier": tier, "program": current.program})
    if locked_until is not None and locked_until < now.astimezone(by.organization.zone).date():
        raise TierNotSetError(gettext("The day until which the tier is locked is past."))
    states = lock_accounts([customer.pk], zone=by.organization.zone)
    settle_states(states.values(), until=now, recorded_at=now)
    state = states.get(AccountKey(customer.pk, membership.program_id))
    if state is None or state.membership is None:
        raise TierNotSetError(gettext("The customer has no points account in this program."))
    before = state.membership.tier
    setting = TierSetting(
        tier=tier,
        since=now,
        cause=TierChange.Cause.STAFF,
        made_by=by.name,
        locked_until=locked_until,
        note=reason,
    )
    change = set_tier(state, state.membership, current, setting, now=now)
    write_accounts(states.values())
    old = {"tier": before.name if before else ""}
    new = {"tier": tier.name, "reason": reason, "locked_until": locked_until.isoformat() if locked_until else ""}
    record_changes([Change(action="tier set", object_type="membership", object_id=membership.pk, old=old, new=new)], by=by)
    return change
