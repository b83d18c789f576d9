"""What a merge keeps with the victim as history is in no list and no count."""

import pytest
from django.test import Client

from customers.groups.models import GroupMembership
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from engagement.programs.models import Membership, Program
from loyalty_project import clock
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import list_of, page_of, register, shown, table_texts
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.locations import till_actor
from tests.factories.programs import ProgramVersionFactory, TierFactory
from tests.factories.segments import SegmentFactory, put_into
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.merging import merge_customers


@pytest.fixture
def twin(till: Till, anna: Customer) -> Customer:
    return register(till, mobile="9812300002", firstname="Ann")


def merge(till: Till, survivor: Customer, victim: Customer) -> None:
    merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(till))


def test_rows_of_merged_customers_are_left_out(organization: Organization, till: Till, anna: Customer, twin: Customer) -> None:
    family = UserGroupFactory(organization=organization, external_id="G1")
    join_group(family, anna.pk, twin.pk)
    rows = GroupMembership.objects.order_by("pk")
    assert len(rows.unmerged()) == 2
    merge(till, anna, twin)
    assert [row.customer for row in rows.unmerged()] == [anna]


def test_groups_segments_and_labels_count_customers_once(
    administrator: Client, organization: Organization, till: Till, anna: Customer, twin: Customer
) -> None:
    family = UserGroupFactory(organization=organization, external_id="G1")
    join_group(family, anna.pk, twin.pk)
    low, high = SegmentFactory(organization=organization, name="spend", partitions=["low", "high"]).partitions.all()
    put_into(low, anna.pk)
    put_into(high, twin.pk)
    held = CustomerStatusFactory(organization=organization, blocks=["points_redeem"])
    label(anna, held)
    label(twin, held)
    merge(till, anna, twin)
    assert (GroupMembership.objects.count(), CustomerSegment.objects.count()) == (2, 2)
    assert [row.member_count for row in shown(administrator.get(list_of("customers_usergroup")))] == [1]
    page = administrator.get(page_of("customers_usergroup", family))
    assert [row[0] for row in table_texts(page.context["table"])] == [str(anna)]
    partitions = administrator.get(page_of("customers_segment", low.segment)).context["table"]
    assert table_texts(partitions) == [["low", "1"], ["high", "0"]]
    assert [row.customer_count for row in shown(administrator.get(list_of("customers_customerstatus")))] == [1]


def test_programs_and_tiers_count_customers_once(
    administrator: Client, organization: Organization, till: Till, anna: Customer, twin: Customer
) -> None:
    club = Program.objects.get()
    rules = {"tiers": [{"name": "Silver"}]}
    ProgramVersionFactory(program=club, number=2, rules=rules, made_at=clock.now())
    silver = TierFactory(program=club, name="Silver", position=1)
    Membership.objects.update(tier=silver, tier_since=clock.now())
    merge(till, anna, twin)
    assert Membership.objects.count() == 2
    (row,) = shown(administrator.get(list_of("engagement_program")))
    assert row.members == 1
    tiers = administrator.get(page_of("engagement_program", club)).context["tiers"]
    assert [count for _, count in tiers] == ["1"]
