"""Rehearsals of workers: repeated from the beginning, picked up again, and removed after their time."""

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from engagement.programs.models import Program
from engagement.rehearsal.models import Rehearsal
from engagement.rehearsal.running import pick_up_rehearsals, prune_rehearsals, request_rehearsal, work_rehearsal
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, member, open_shop
from tests.factories.locations import till_actor

pytestmark = pytest.mark.django_db


def test_a_rehearsal_is_worked_once_and_removed_after_30_days(northwind: Organization) -> None:
    shop, asha = open_shop(northwind), member(northwind)
    now = clock.now()
    shop.record(shop.draft("S1", 200, customer_id=asha.pk, billed_at=now - DAY), now=now)
    program = Program.objects.get()
    rehearsal = request_rehearsal(program, {"precision": 1}, days=7, by=till_actor(shop.till))
    assert AuditEntry.objects.filter(object_type="rehearsal", object_id=rehearsal.pk).exists()
    ProcrastinateJob.objects.all().delete()
    assert pick_up_rehearsals() == 1
    work_rehearsal(rehearsal.pk, organization=northwind)
    rehearsal.refresh_from_db()
    assert (rehearsal.done, rehearsal.total, rehearsal.result["today"]["issued"]) == (1, 1, "10")
    shop.record(shop.draft("S2", 200, customer_id=asha.pk, billed_at=now - DAY), now=now)
    work_rehearsal(rehearsal.pk, organization=northwind)
    assert Rehearsal.objects.get().result == rehearsal.result
    ProcrastinateJob.objects.all().delete()
    assert pick_up_rehearsals() == 0
    assert prune_rehearsals() == 0
    Rehearsal.objects.update(requested_at=now - timedelta(days=31))
    assert prune_rehearsals() == 1
