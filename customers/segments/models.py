"""Rows of segments, their partitions, and the customers in them."""

from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from organizations.tenancy.scoping import TenantModel


class Segment(TenantModel):
    """A division of customers, for example by spending."""

    name = models.CharField(max_length=100, db_collation="C")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="segment_name_unique")]

    def __str__(self) -> str:
        return self.name


class SegmentPartition(TenantModel):
    """A part of a segment."""

    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="partitions", db_index=False)
    name = models.CharField(max_length=100, db_collation="C")
    position = models.PositiveIntegerField(help_text="The first one is 1")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["segment", "position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "segment", "name"], name="segment_partition_name_unique"),
            models.CheckConstraint(condition=models.Q(position__gte=1), name="segment_partition_counts_from_one"),
        ]

    def __str__(self) -> str:
        return self.name


class CustomerSegment(TenantModel):
    """The partition of a segment that a customer is in: at most one per segment."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="segments", db_index=False)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+", db_index=False)
    partition = models.ForeignKey(SegmentPartition, on_delete=models.PROTECT, related_name="customers", db_index=False)

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "customer", "segment"], name="customer_segment_unique"),
        ]
        indexes = [models.Index(fields=["organization", "partition", "customer"], name="customer_segment_of_partition")]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.partition_id}"
