"""Steps beside the primary action."""

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from loyalty_project.protocol.best_effort import best_effort
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.tenancy.models import Organization
from tests.factories.organizations import OrganizationFactory

pytestmark = pytest.mark.django_db
WARNING = Notice(Code.SUBSCRIPTIONS_UNAVAILABLE)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_step_that_succeeds_has_no_notice():
    notices = []
    with best_effort(notices, [WARNING]):
        OrganizationFactory(code="northwind", with_program=True)
    assert notices == []
    assert Organization.objects.exists()


def test_a_step_failed_by_the_database_is_undone_alone():
    notices = [Notice(Code.VALIDATION_FAILED)]
    with transaction.atomic():
        OrganizationFactory(code="northwind", with_program=True)
        with best_effort(notices, iter([WARNING, WARNING])):
            OrganizationFactory(code="bazaar", with_program=True)
            run("SELECT 1 FROM nowhere")
    assert notices == [Notice(Code.VALIDATION_FAILED), WARNING, WARNING]
    assert [organization.code for organization in Organization.objects.all()] == ["northwind"]


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_what_repeats_the_whole_item_goes_on_to_the_caller(sqlstate):
    notices = []
    with pytest.raises(OperationalError), best_effort(notices, [WARNING]):
        run(f"DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '{sqlstate}'; END $$")
    assert notices == []


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_lost_server_goes_on_to_the_caller(error):
    notices = []
    with pytest.raises(error), best_effort(notices, [WARNING]):
        raise error
    assert notices == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sqlstate", ["40P01", "22012"])
def test_outside_a_transaction_nothing_is_repeated(sqlstate, django_assert_num_queries):
    notices = []
    with django_assert_num_queries(1), best_effort(notices, [WARNING]):
        run(f"DO $$ BEGIN RAISE EXCEPTION 'failed' USING ERRCODE = '{sqlstate}'; END $$")
    assert notices == [WARNING]


def test_bugs_are_not_hidden():
    notices = []
    with pytest.raises(ZeroDivisionError), best_effort(notices, [WARNING]):
        _ = 1 / 0
    assert notices == []
