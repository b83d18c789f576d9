"""Which rows describe a customer? Person, identifiers, cards, statuses, groups, requests, merges, terms of searches."""

from customers.models.cards import Card
from customers.models.customer import Customer
from customers.models.duplicates import DuplicateCandidate
from customers.models.field_terms import FieldTerm, IndexedField
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
    "DuplicateCandidate",
    "FieldTerm",
    "GroupMembership",
    "Identifier",
    "IdentityRequest",
    "IndexedField",
    "Merge",
    "Segment",
    "SegmentPartition",
    "SourceProfile",
    "UserGroup",
    "ValidationCode",
]
