"""What becomes of jobs that race: each repeated as calls are, its refusal or constraint by name."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from django.db import IntegrityError, OperationalError, transaction

from customers.profile import locks
from engagement.points.ledger import repository
from loyalty_project.db.errors import MAX_ATTEMPTS, constraint_name, is_repeated, sqlstate
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.races import race, remove_row_locks
from use_cases.erasure import ErasureRefusedError
from use_cases.merging import MergeRefusedError

Job = Callable[[], str]


class Fates(Counter[str]):
    """How often each fate came. `repeats` counts what was repeated, by SQLSTATE."""

    repeats: Counter[str]


def at_once(organization: Organization, *lanes: Sequence[Job]) -> Fates:
    """The fates of all jobs. What the database asks to repeat is repeated, as batches do, and counted."""
    repeats: Counter[str] = Counter()
    fates = Fates(race(lanes, lambda job: fate_of(job, organization, repeats)))
    fates.repeats = repeats
    return fates


def remove_customer_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have customers and their accounts read without a lock."""
    remove_row_locks(monkeypatch, locks)
    remove_row_locks(monkeypatch, repository)


def fate_of(job: Job, organization: Organization, repeats: Counter[str]) -> str:
    """What the job returns, or what refused it: a service, a code, a constraint by its name."""
    with organization_scope(organization):
        for _ in range(MAX_ATTEMPTS):
            try:
                with transaction.atomic():
                    return job()
            except OperationalError as error:
                if not is_repeated(error):
                    raise
                repeats[sqlstate(error)] += 1
            except (MergeRefusedError, ErasureRefusedError):
                return "refused"
            except LoyaltyError as refusal:
                return str(int(refusal.code))
            except IntegrityError as error:
                return constraint_name(error) or "?"
    return "busy"
