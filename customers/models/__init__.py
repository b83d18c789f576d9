"""Which rows describe a customer? The person, identifiers, cards, statuses, profiles elsewhere, groups, requests, merges."""

from customers.models.cards import Card
from customers.models.customer import Customer
from customers.models.groups import GroupMembership, UserGroup
from customers.models.identifiers import Identifier
from customers.models.identity_requests import IdentityRequest
from customers.models.merges import Merge
from customers.models.segments import CustomerSegment, Segment, SegmentPartition
from customers.models.sources import SourceProfile
from customers.models.statuses import CustomerStatus
from customers.models.validation_codes import ValidationCode

__all__ = [
    "Card",
    "Customer",
    "CustomerSegment",
    "CustomerStatus",
    "GroupMembership",
    "Identifier",
    "IdentityRequest",
    "Merge",
    "Segment",
    "SegmentPartition",
    "SourceProfile",
    "UserGroup",
    "ValidationCode",
]
