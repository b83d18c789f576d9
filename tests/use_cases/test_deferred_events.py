"""Deferred loyalty events of every organization."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import OutsideScopeError, no_scope, unscoped
from tests.back_office import register
from tests.factories.locations import TillFactory
from tests.jobs import KINDS, defer, marks, statuses, stored
from use_cases.deferred_events import HANDLERS, pick_up_deferred_events, work_deferred_events


@pytest.fixture
def bazaar(db: None) -> Till:
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code="bazaar", code="bazaar.till1")


def test_a_customers_events_are_worked_in_their_own_organization(
    organization: Organization, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HANDLERS, "mark", KINDS["mark"])
    anna = register(till, mobile="9812300001")
    event = defer(anna, till, bill=7)
    with no_scope():
        assert work_deferred_events(organization, anna.pk) == 1
        with pytest.raises(OutsideScopeError):
            type(anna).objects.all()
    assert marks(anna) == [{"bill": 7}]
    assert stored(event).worked_at is not None


def test_another_organization_reaches_no_customer(till: Till, bazaar: Till) -> None:
    anna = register(till, mobile="9812300001")
    defer(anna, till)
    with pytest.raises(type(anna).DoesNotExist):
        work_deferred_events(bazaar.organization, anna.pk)


def test_lost_jobs_are_made_up_for_in_every_organization(till: Till, bazaar: Till) -> None:
    tills = [till, bazaar]
    customers = [register(till, mobile="9812300001") for till in tills]
    for customer, home in zip(customers, tills, strict=True):
        defer(customer, home)
    ProcrastinateJob._base_manager.all()._raw_delete("default")
    with no_scope():
        assert pick_up_deferred_events() == 2
        assert pick_up_deferred_events() == 0
    arguments = ProcrastinateJob.objects.order_by("pk").values_list("args", flat=True)
    assert list(arguments) == [
        {"organization": home.organization.code, "customer": customer.pk}
        for customer, home in zip(customers, tills, strict=True)
    ]
    assert statuses() == ["todo", "todo"]
