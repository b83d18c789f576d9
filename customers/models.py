"""Rows of customers, by noun. Django finds the models here."""

from customers.cards.models import Card
from customers.duplicates.models import DuplicateCandidate
from customers.erasure.models import Erasure
from customers.field_terms.models import FieldTerm, IndexedField
from customers.groups.models import GroupMembership, UserGroup
from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.merging.models import Merge
from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment, Segment, SegmentPartition
from customers.sources.models import SourceProfile
from customers.statuses.models import CustomerStatus
from customers.validation_codes.models import ValidationCode

__all__ = [
    "Card",
    "Customer",
    "CustomerSegment",
    "CustomerStatus",
    "DuplicateCandidate",
    "Erasure",
    "FieldTerm",
    "GroupMembership",
    "Identifier",
    "IdentityRequest",
    "IndexedField",
    "Merge",
    "OutboxMessage",
    "Segment",
    "SegmentPartition",
    "SourceProfile",
    "UserGroup",
    "ValidationCode",
]
