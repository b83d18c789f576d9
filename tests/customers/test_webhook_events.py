"""Webhook events of customers: registered, updated, merged, and merges undone."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.groups.services import MembershipInput, join_groups
from customers.identifiers.models import Identifier
from customers.identity_requests.services import release_identifier
from customers.profile.models import Customer
from customers.segments.models import SegmentPartition
from customers.segments.services import Assignment, assign_partitions
from customers.statuses.services import set_status
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.factories.groups import UserGroupFactory
from tests.factories.locations import till_actor
from tests.factories.segments import SegmentFactory
from tests.factories.statuses import CustomerStatusFactory
from tests.factories.webhooks import announced, listen
from tests.use_cases.merges import merge, send, undo
from use_cases.registration import update_customer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASHA = {"firstname": "Asha", "lastname": "Rao", "mobile": "9812300001", "email": "asha@example.com"}


@pytest.fixture
def hearing(till: Till) -> Till:
    """The till of an organization with an endpoint that listens to all of it."""
    listen(till.organization, "customer.registered", "customer.updated", "customer.merged", "customer.merge_undone")
    return till


@time_machine.travel(NOW, tick=False)
def test_a_registration_is_announced_with_the_profile(hearing: Till) -> None:
    customer = send(hearing, **ASHA, registered_on="2025-01-02 10:00:00").customer
    (event,) = announced()
    assert (event.kind, event.customer_id, event.occurred_at) == ("customer.registered", customer.pk, NOW)
    assert event.facts == {
        "customer": {
            "firstname": "Asha",
            "lastname": "Rao",
            "mobile": "919812300001",
            "email": "asha@example.com",
            "external_id": None,
            "type": "LOYALTY",
            "source": "INSTORE",
            "registered_on": "2025-01-02T04:30:00Z",
            "registered_store": "blr.mgroad",
        }
    }


def test_an_update_names_what_changed_and_has_the_profile_of_now(hearing: Till) -> None:
    send(hearing, **ASHA)
    send(hearing, update_customer, mobile=ASHA["mobile"], firstname="Ashalata", lastname="Nair")
    (event,) = announced("customer.updated")
    assert event.facts["changed"] == ["firstname", "lastname"]
    assert (event.facts["customer"]["firstname"], event.facts["customer"]["lastname"]) == ("Ashalata", "Nair")


def test_an_update_that_changes_nothing_is_not_announced(hearing: Till) -> None:
    send(hearing, **ASHA)
    send(hearing, **ASHA)
    assert [event.kind for event in announced()] == ["customer.registered"]


def test_a_refused_item_announces_nothing(hearing: Till) -> None:
    answer = Api(hearing).add(mobile="1")
    assert answer.item["item_status"]["success"] == "false"
    assert announced() == []


def test_merges_and_their_end_are_announced(hearing: Till) -> None:
    survivor, victim = send(hearing, **ASHA).customer, send(hearing, mobile="9812300002", external_id="X-2").customer
    undo(hearing, merge(hearing, survivor, victim))
    merged, undone = announced("customer.merged")[0], announced("customer.merge_undone")[0]
    assert (merged.customer_id, merged.facts["merged_user_id"]) == (survivor.pk, victim.pk)
    # What the survivor got from the victim is in the profile.
    assert merged.facts["customer"]["external_id"] == "X-2"
    assert (undone.customer_id, undone.facts["restored_user_id"]) == (survivor.pk, victim.pk)
    assert undone.facts["customer"]["external_id"] is None


def change_status(customer: Customer, till: Till) -> None:
    set_status(customer, CustomerStatusFactory(organization=till.organization), reason="why", by=till_actor(till))


def change_segment(customer: Customer, till: Till) -> None:
    SegmentFactory(organization=till.organization, name="spend", partitions=["low"])
    assign_partitions([Assignment(customer.pk, SegmentPartition.objects.get())], by=till_actor(till))


def change_group(customer: Customer, till: Till) -> None:
    group = UserGroupFactory(organization=till.organization, external_id="G1")
    join_groups([MembershipInput(customer.pk, group, "")], by=till_actor(till))


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (change_status, ["status", "status_reason"]),
        (change_segment, ["segment spend"]),
        (change_group, ["group G1"]),
    ],
)
def test_statuses_segments_and_groups_are_updates(
    hearing: Till, change: Callable[[Customer, Till], None], names: list[str]
) -> None:
    customer = send(hearing, **ASHA).customer
    with transaction.atomic():
        change(customer, hearing)
    assert [event.facts["changed"] for event in announced("customer.updated")] == [names]


def test_a_released_identifier_is_no_update(hearing: Till) -> None:
    survivor, victim = send(hearing, **ASHA).customer, send(hearing, mobile="9812300002").customer
    merge(hearing, survivor, victim)
    inherited = Identifier.objects.get(state=Identifier.State.MERGED)
    with transaction.atomic():
        release_identifier(inherited.kind, inherited.value, customer_id=survivor.pk, reason="x", by=till_actor(hearing))
    assert announced("customer.updated") == []


# --- what it costs


def cost(api: Api, number: int, items: int = 1) -> int:
    """Statements of a warm call of customer/add with new customers."""
    with CaptureQueriesContext(connection) as captured:
        sent = [{"mobile": f"98123{number:02}{item:03}", "firstname": "Asha"} for item in range(items)]
        answer = api.call("POST", "add", body={"root": {"customer": sent}})
    assert answer.response["status"]["success_count"] == str(items)
    return len(captured)


def test_listening_to_other_events_costs_a_call_nothing(till: Till) -> None:
    api = Api(till)
    cost(api, 1)
    silent = cost(api, 2)
    listen(till.organization, "coupon.redeemed", "customer.merged")
    cost(api, 3)
    assert cost(api, 4) == silent


def test_an_announcement_costs_four_statements(till: Till) -> None:
    api = Api(till)
    cost(api, 1)
    silent = cost(api, 2)
    listen(till.organization, "customer.registered")
    cost(api, 3)
    assert cost(api, 4) == silent + 4


def test_many_customers_of_an_import_are_announced_at_once(organization: Organization, till: Till) -> None:
    listen(organization, "customer.updated")
    customers = [send(till, mobile=f"98123000{number:02}").customer for number in range(12)]
    SegmentFactory(organization=organization, name="spend", partitions=["low"])
    partition = SegmentPartition.objects.select_related("segment").get()
    by = till_actor(till)
    costs = []
    for some in (customers[:2], customers[2:]):
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            assign_partitions([Assignment(customer.pk, partition) for customer in some], by=by)
        costs.append(len(captured))
    assert costs[0] == costs[1]
    assert len(announced("customer.updated")) == 12
