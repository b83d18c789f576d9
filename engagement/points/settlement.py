"""Settlement of points that are due: before each read, and every night (docs/protocol.md 7)."""

from collections.abc import Collection, Iterator
from datetime import datetime

import structlog
from django.db import OperationalError, connection, transaction

from engagement.points.ledger.repository import States, lock_accounts, read_accounts, settle_states, write_accounts
from engagement.points.models import PointsAccount
from loyalty_project import clock
from loyalty_project.db.errors import sqlstate
from loyalty_project.db.trusted_time import trusted
from organizations.tenancy.models import Organization

log = structlog.get_logger(__name__)

# A read waits no longer for a lock: it then shows the settled balance without storing it.
_READ_PATIENCE = "200ms"
_LOCK_NOT_AVAILABLE = "55P03"
_BATCH = 500


def settled_accounts(customer_ids: Collection[int], *, organization: Organization) -> States:
    """The accounts of these customers, settled: two queries if nothing is due.

    The settlement is stored, unless a lock is not free within 200 ms. Call it outside a transaction that holds locks. What is
    due only by a clock far ahead of the database's is not settled.
    """
    now = clock.now()
    states = read_accounts(customer_ids, zone=organization.zone)
    due = _due(states, now)
    if due and (limit := trusted(now)) < now:
        now = limit
        due = _due(states, now)
    if not due:
        return states
    try:
        return states | _settle(due, organization)
    except OperationalError as error:
        if sqlstate(error) != _LOCK_NOT_AVAILABLE:
            raise
        log.info("settled_without_storing", accounts=len(due))
        settle_states(states.values(), until=now, recorded_at=now)
        return states


def _due(states: States, now: datetime) -> set[int]:
    return {
        key.customer_id for key, state in states.items() if state.account.due_at is not None and state.account.due_at <= now
    }


def _settle(customer_ids: Collection[int], organization: Organization) -> States:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            (usual,) = cursor.fetchone()
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_READ_PATIENCE])
        states = lock_accounts(customer_ids, zone=organization.zone)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])
        now = clock.now()
        settle_states(states.values(), until=now, recorded_at=now)
        write_accounts(states.values())
    return states


def settle_due(organization: Organization, *, batch_size: int = _BATCH) -> Iterator[int]:
    """Settle every due account of the scope's organization, one transaction a batch; yield the size of each batch.

    It may run beside itself and beside everything else: each batch is locked and read again.
    """
    now = trusted(clock.now())
    reached = 0
    while True:
        due = PointsAccount.objects.filter(due_at__lte=now, customer_id__gt=reached).order_by("customer_id")
        customers = list(dict.fromkeys(due.values_list("customer_id", flat=True)[:batch_size]))
        if not customers:
            return
        with transaction.atomic():
            states = lock_accounts(customers, zone=organization.zone)
            changed = settle_states(states.values(), until=now, recorded_at=clock.now())
            write_accounts(changed)
        reached = customers[-1]
        yield len(changed)
