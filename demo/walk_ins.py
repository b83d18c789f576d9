"""Sales without a customer: some buyers do not give a number. There were more of them half a year ago than there are now."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill
from engagement.programs.catalog import load_catalog
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.locations.models import Till
from referrals.campaigns.catalog import load_campaigns
from use_cases.purchases import record_purchases

SEED: Final = 20_260_117
DAYS: Final = 185
# Sales without a customer on the first and on the last of these days.
_AT_FIRST, _AT_LAST = 14, 6


def demo_walk_ins(tills: Sequence[str], *, now: datetime) -> Iterator[tuple[str, str, datetime, Decimal]]:
    """Till, number, moment (wall time, before `now`) and amount of each sale, the earliest day first."""
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    number = 0
    for ago in range(DAYS, -1, -1):
        usual = _AT_LAST + (_AT_FIRST - _AT_LAST) * ago / DAYS
        for _ in range(round(usual * random.uniform(0.6, 1.4))):
            number += 1
            opened = (now - timedelta(days=ago)).replace(hour=9, minute=0, second=0, microsecond=0)
            at = opened + timedelta(minutes=random.randrange(11 * 60))
            amount = Decimal(random.randint(590, 18_900)).scaleb(-2)
            till = random.choice(tills)
            if at < now:
                yield till, f"W{number:06}", at, amount


def record_demo_walk_ins(*, by: Actor, now: datetime) -> int:
    """Record the sales, in the transaction of the caller; their number, 0 if there are such sales already.

    Raises the `LoyaltyError` of a bill that is refused.
    """
    if Bill.objects.filter(type=Bill.Type.NOT_INTERESTED).exists():
        return 0
    zone, configuration = by.organization.zone, current_configuration()
    tills = {till.code: till for till in Till.objects.filter(is_active=True).select_related("store").order_by("code")}
    drafts = [
        BillDraft(
            type=Bill.Type.NOT_INTERESTED,
            customer_id=None,
            number=number,
            billed_at=from_wall(at, zone),
            amount=amount,
            gross_amount=amount,
            till=tills[till],
            store=tills[till].store,
        )
        for till, number, at, amount in demo_walk_ins(list(tills), now=now.astimezone(zone).replace(tzinfo=None))
    ]
    catalog, campaigns = configuration.part(load_catalog), configuration.part(load_campaigns)
    for result in record_purchases(drafts, catalog=catalog, campaigns=campaigns, by=by, now=now, is_history=True):
        if isinstance(result, LoyaltyError):
            raise result
    return len(drafts)
