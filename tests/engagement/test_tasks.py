"""What workers call for deferred loyalty events."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from structlog.testing import capture_logs

from engagement.tasks import pick_up_events, work_events
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import no_scope
from tests.back_office import register
from tests.jobs import KINDS, defer, marks
from use_cases.deferred_events import HANDLERS


def test_a_job_names_organization_and_customer(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "mark", KINDS["mark"])
    anna = register(till, mobile="9812300001")
    defer(anna, till)
    arguments = ProcrastinateJob.objects.get().args
    with no_scope():
        work_events(**arguments)
    assert marks(anna) == [{}]


def test_an_organization_that_is_not_there_is_an_error(db: None) -> None:
    with pytest.raises(Organization.DoesNotExist):
        work_events(organization="nowhere", customer=1)


def test_picked_up_jobs_are_counted_in_a_log_line(till: Till) -> None:
    defer(register(till, mobile="9812300001"), till)
    ProcrastinateJob._base_manager.all()._raw_delete("default")
    with no_scope(), capture_logs() as logs:
        pick_up_events(timestamp=0)
        pick_up_events(timestamp=0)
    assert logs == [{"event": "deferred_events_picked_up", "log_level": "warning", "customers": 1}]
