"""Setting the status of a customer."""

from datetime import UTC, datetime

import pytest
import time_machine

from customers.profile.models import Customer
from customers.statuses.services import set_status
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.locations import till_actor
from tests.factories.statuses import CustomerStatusFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


@time_machine.travel(AT, tick=False)
def test_setting_and_removing_a_label_is_audited(organization: Organization, till: Till, anna: Customer) -> None:
    held = CustomerStatusFactory(organization=organization, blocks=["points_redeem"], label="On hold")
    version, by = anna.version, till_actor(till)
    assert set_status(anna, held, reason="Odd returns", by=by)
    anna.refresh_from_db()
    assert (anna.status_label, anna.status_reason, anna.status_changed_by, anna.status_changed_on, anna.updated_on) == (
        held, "Odd returns", "till:mgroad.till1", AT, AT,
    )  # fmt: skip
    assert set_status(anna, None, reason="All is well", by=by)
    anna.refresh_from_db()
    assert (anna.status_label, anna.status_reason, anna.version) == (None, "All is well", version + 2)
    entries = (
        AuditEntry.objects.filter(object_type="customer", action="updated").order_by("pk").values_list("old", "new", "actor")
    )
    given = {"status": "SUSPENDED: On hold", "status_reason": "Odd returns"}
    assert list(entries) == [
        ({"status": "", "status_reason": ""}, given, "till:mgroad.till1"),
        (given, {"status": "", "status_reason": "All is well"}, "till:mgroad.till1"),
    ]


def test_the_same_label_for_the_same_reason_changes_nothing(organization: Organization, till: Till, anna: Customer) -> None:
    held, by = CustomerStatusFactory(organization=organization), till_actor(till)
    assert set_status(anna, held, reason="Odd returns", by=by)
    entries, version = AuditEntry.objects.count(), Customer.objects.get().version
    assert not set_status(anna, held, reason="Odd returns", by=by)
    assert (AuditEntry.objects.count(), Customer.objects.get().version) == (entries, version)
    assert set_status(anna, held, reason="And odd bills", by=by)
    assert Customer.objects.get().status_reason == "And odd bills"
