"""Constraints of the customers tables."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from customers.cards.models import Card
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from tests.factories.cards import CardSeriesFactory
from tests.factories.groups import UserGroupFactory
from tests.factories.segments import SegmentFactory
from tests.factories.sources import SourceProfileFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def asha(organization):
    return Customer.objects.create(
        organization=organization, firstname="Asha", lastname="Rao", registered_on=NOW, updated_on=NOW, field_values={"7": "x"}
    )


def identifier(customer, value, **more):
    return Identifier.objects.create(organization=customer.organization, customer=customer, kind="email", value=value, **more)


def broken(name: str):
    return pytest.raises(IntegrityError, match=name)


def test_customers_are_shown_by_name_or_number(asha):
    assert (str(asha), str(Customer(pk=5)), Customer().full_name) == ("Asha Rao", "Customer 5", "")
    assert (asha.value_of(7), asha.value_of(8)) == ("x", None)


def test_type_is_one_of_three(asha):
    asha.type = "VIP"
    with broken("customer_type_known"), transaction.atomic():
        asha.save()


def test_exclusive_value_belongs_to_one_customer(asha):
    bo = Customer.objects.create(organization=asha.organization, registered_on=NOW, updated_on=NOW)
    assert str(identifier(asha, "a@example.com")) == "a@example.com"
    with broken("identifier_value_unique"), transaction.atomic():
        identifier(bo, "a@example.com")
    identifier(bo, "a@example.com", exclusive=False)


def test_customer_has_one_current_value_of_a_kind(asha):
    identifier(asha, "a@example.com", state="FORMER", exclusive=False)
    identifier(asha, "b@example.com")
    with broken("identifier_one_current_per_kind"), transaction.atomic():
        identifier(asha, "c@example.com")


def test_issued_card_has_a_customer_and_a_number_is_unique(asha):
    series = CardSeriesFactory(organization=asha.organization)
    card = Card.objects.create(organization=asha.organization, series=series, number="G-1", external_id="X")
    assert str(card) == "G-1"
    for broken_row, name in [
        ({"number": "G-2", "status": "ISSUED"}, "card_issued_to_somebody"),
        ({"number": "G-2", "customer": asha}, "card_issued_to_somebody"),
        ({"number": "G-1"}, "card_number_unique"),
        ({"number": "G-2", "external_id": "X"}, "card_external_id_unique"),
    ]:
        with broken(name), transaction.atomic():
            Card.objects.create(organization=asha.organization, series=series, **broken_row)


def test_profile_at_a_source_is_kept_once(asha):
    profile = {"customer": asha, "account": "wx"}
    assert str(SourceProfileFactory(**profile)) == "WECHAT wx"
    with broken("source_profile_unique"), transaction.atomic():
        SourceProfileFactory(**profile)


def test_customer_is_in_one_partition_of_a_segment(asha):
    low, high = SegmentFactory(organization=asha.organization, name="band", partitions=["low", "high"]).partitions.all()
    values = {"organization": asha.organization, "customer": asha, "segment": low.segment}
    row = CustomerSegment.objects.create(**values, partition=low)
    assert (str(low.segment), str(low), str(row)) == ("band", "low", f"{asha.pk} in {low.pk}")
    with broken("customer_segment_unique"), transaction.atomic():
        CustomerSegment.objects.create(**values, partition=high)


def test_group_has_a_customer_once_and_one_primary_member(asha):
    bo = Customer.objects.create(organization=asha.organization, registered_on=NOW, updated_on=NOW)
    family, crew = (
        UserGroupFactory(organization=asha.organization, external_id="G1", name="Family"),
        UserGroupFactory(organization=asha.organization, external_id="G2"),
    )

    def join(group, customer, role):
        return GroupMembership.objects.create(organization=asha.organization, group=group, customer=customer, role=role)

    assert (str(family), str(join(family, asha, "PRIMARY"))) == ("Family", f"{asha.pk} in {family.pk}")
    join(crew, asha, "PRIMARY")
    with broken("group_membership_unique"), transaction.atomic():
        join(family, asha, "MEMBER")
    with broken("group_membership_one_primary"), transaction.atomic():
        join(family, bo, "PRIMARY")


def test_segments_partitions_and_groups_are_named_once(organization):
    (low,) = SegmentFactory(organization=organization, name="band", partitions=["low"]).partitions.all()
    UserGroupFactory(organization=organization, external_id="G1")
    with broken("segment_name_unique"), transaction.atomic():
        SegmentFactory(organization=organization, name="band")
    with broken("segment_partition_name_unique"), transaction.atomic():
        low.segment.partitions.create(organization=organization, name="low", position=2)
    with broken("user_group_external_id_unique"), transaction.atomic():
        UserGroupFactory(organization=organization, external_id="G1")
