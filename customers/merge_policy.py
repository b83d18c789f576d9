"""What a merge moves from one customer to the other, and what it leaves (docs/protocol.md 2.4).

`customers.merging.services` transfers identifiers, columns of the customer and primary roles in groups.
"""

from customers.cards.models import Card
from customers.duplicates.models import DuplicateCandidate
from customers.field_terms.models import FieldTerm
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.merging.models import Merge
from customers.merging.transfer import KeptRows, MovedRows
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from customers.sources.models import SourceProfile
from customers.validation_codes.models import ValidationCode

MOVED = (
    MovedRows(model=Card),
    MovedRows(model=SourceProfile, gives_way=("source_profile_unique",)),
    MovedRows(model=GroupMembership, gives_way=("group_membership_unique",)),
    MovedRows(model=CustomerSegment, gives_way=("customer_segment_unique",)),
)
KEPT = (
    KeptRows(model=Identifier, because="they fill what the survivor lacks, and else lead to the survivor: services.merging"),
    KeptRows(model=Customer, column="merged_into", because="who was merged before follows to who stands: services.merging"),
    KeptRows(model=Merge, column="survivor", because="what happened keeps naming whom it happened to"),
    KeptRows(model=Merge, column="victim", because="what happened keeps naming whom it happened to"),
    KeptRows(
        model=DuplicateCandidate, column="first", because="a pair is of two persons: services.likely_duplicates settles it"
    ),
    KeptRows(
        model=DuplicateCandidate, column="second", because="a pair is of two persons: services.likely_duplicates settles it"
    ),
    KeptRows(model=IdentityRequest, because="what was asked keeps naming for whom: requests do not move"),
    KeptRows(model=IdentityRequest, column="other", because="what was asked keeps naming whose the value was"),
    KeptRows(model=FieldTerm, because="they follow from the customer's answers, and are kept with those: services.merging"),
    KeptRows(model=ValidationCode, because="a code confirms the wish of whom it was told to; it lives for minutes"),
)
