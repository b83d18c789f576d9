"""Factories of segments and their partitions."""

from collections.abc import Sequence as Names

from factory import SelfAttribute, Sequence, SubFactory, post_generation

from customers.segments.models import CustomerSegment, Segment, SegmentPartition
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory


class SegmentFactory(TenantFactory):
    """A segment; `partitions` names its partitions in order."""

    class Meta:
        model = Segment

    organization = SubFactory(OrganizationFactory)
    name = Sequence("segment {}".format)

    @post_generation
    def partitions(segment: Segment, _create: bool, names: Names[str] | None, **_: object) -> None:  # noqa: N805, FBT001
        for position, name in enumerate(names or (), start=1):
            SegmentPartitionFactory(segment=segment, name=name, position=position)


class SegmentPartitionFactory(TenantFactory):
    class Meta:
        model = SegmentPartition

    organization = SelfAttribute("segment.organization")
    segment = SubFactory(SegmentFactory)
    name = Sequence("partition {}".format)
    position = 1


def put_into(partition: SegmentPartition, *customers: int) -> None:
    """Put customers, by id, into a partition."""
    for customer in customers:
        CustomerSegment.objects.create(
            organization=partition.organization, customer_id=customer, segment=partition.segment, partition=partition
        )
