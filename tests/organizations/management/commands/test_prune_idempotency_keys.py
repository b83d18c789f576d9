"""Deletion of old idempotency keys."""

import io
from datetime import UTC, datetime, timedelta

import time_machine
from django.core.management import call_command

from organizations.idempotency.models import IdempotencyKey
from organizations.idempotency.services import open_keyed_call
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope
from tests.factories.locations import till_actor


def test_old_keys_of_every_organization_go(till: Till, stranger: Till) -> None:
    out = io.StringIO()
    with time_machine.travel(datetime(2026, 5, 1, 12, tzinfo=UTC), tick=False) as now:
        for each_till in (till, stranger):
            with organization_scope(each_till.organization):
                open_keyed_call("old", action="customer/add", content="", by=till_actor(each_till))
        now.shift(timedelta(hours=72))
        open_keyed_call("young", action="customer/add", content="", by=till_actor(till))
        call_command("prune_idempotency_keys", stdout=out)
    assert out.getvalue() == "keys pruned: 2\n"
    assert IdempotencyKey.objects.get().key == "young"
