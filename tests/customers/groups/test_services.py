"""Members of user groups: eight concurrent imports leave one primary member in each group.

Twins prove it: without the lock the constraint is violated, without the constraint the lock suffices.
"""

import os
from collections import Counter

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from customers.groups import services
from customers.groups.models import GroupMembership, UserGroup
from customers.groups.services import MembershipInput, join_groups
from loyalty_project.db.errors import constraint_name
from organizations.audit.actors import command_actor
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import register
from tests.factories.groups import UserGroupFactory
from tests.factories.locations import TillFactory
from tests.races import all_read_before, race

WORKERS = 8
GROUPS = 500 if os.environ.get("REGULARS_PROOFS") == "full" else 20

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def till(transactional_db: None) -> Till:
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code="northwind")


def join_at_once(till: Till, *, groups: int = GROUPS) -> Counter[str]:
    """How often each result came if every worker makes a customer of its own the primary member of every group."""
    by = command_actor("import_user_groups", till.organization)
    people = [register(till, mobile=str(9_812_345_600 + number)).pk for number in range(WORKERS)]
    with organization_scope(till.organization):
        clubs = [UserGroupFactory(organization=till.organization, external_id=f"G{number}") for number in range(groups)]

    def join(job: tuple[int, UserGroup]) -> str:
        with organization_scope(till.organization):
            try:
                with transaction.atomic():
                    (outcome,) = join_groups([MembershipInput(*job, "PRIMARY")], by=by)
            except IntegrityError as error:
                return constraint_name(error) or ""
            return str(outcome.fate)

    return Counter(race([[(person, club) for club in clubs] for person in people], join))


def primaries() -> int:
    return GroupMembership.objects.filter(role="PRIMARY").count()


def test_one_becomes_the_primary_member_and_the_others_are_rejected(till: Till) -> None:
    assert join_at_once(till) == {"created": GROUPS, "rejected": GROUPS * (WORKERS - 1)}
    with organization_scope(till.organization):
        assert primaries() == GROUPS


def test_twin_without_the_lock_runs_into_the_constraint(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(rows: QuerySet[UserGroup]) -> QuerySet[UserGroup]:
        return rows

    monkeypatch.setattr(services, "lock", unlocked)
    with all_read_before(services, "insert_rows", workers=WORKERS):
        results = join_at_once(till, groups=1)
    assert results == {"created": 1, "group_membership_one_primary": WORKERS - 1}
    with organization_scope(till.organization):
        assert primaries() == 1


def test_twin_without_the_constraint_stays_right_by_the_lock(till: Till) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX group_membership_one_primary")
    try:
        assert join_at_once(till) == {"created": GROUPS, "rejected": GROUPS * (WORKERS - 1)}
        with organization_scope(till.organization):
            assert primaries() == GROUPS
    finally:
        with unscoped("the index needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE customers_groupmembership")
            cursor.execute(
                "CREATE UNIQUE INDEX group_membership_one_primary ON customers_groupmembership (organization_id, group_id) "
                "WHERE role = 'PRIMARY'"
            )
