"""What of a customer's own follows into another customer when the two are merged? (docs/protocol.md 2.4)

Identifiers, the person's columns and who stands for a group need more than a move: `customers.merging.services`.
"""

from customers.cards.models import Card
from customers.duplicates.models import DuplicateCandidate
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.merging.models import Merge
from customers.merging.transfer import Move, Stay
from customers.profile.models import Customer
from customers.search.models import FieldTerm
from customers.segments.models import CustomerSegment
from customers.sources.models import SourceProfile
from customers.validation_codes.models import ValidationCode

MOVED = (
    Move(model=Card),
    Move(model=SourceProfile, gives_way=("source_profile_unique",)),
    Move(model=GroupMembership, gives_way=("group_membership_unique",)),
    Move(model=CustomerSegment, gives_way=("customer_segment_unique",)),
)
KEPT = (
    Stay(model=Identifier, because="they fill what the survivor lacks, and else lead to the survivor: services.merging"),
    Stay(model=Customer, column="merged_into", because="who was merged before follows to who stands: services.merging"),
    Stay(model=Merge, column="survivor", because="what happened keeps naming whom it happened to"),
    Stay(model=Merge, column="victim", because="what happened keeps naming whom it happened to"),
    Stay(model=DuplicateCandidate, column="first", because="a pair is of two persons: services.likely_duplicates settles it"),
    Stay(model=DuplicateCandidate, column="second", because="a pair is of two persons: services.likely_duplicates settles it"),
    Stay(model=IdentityRequest, because="what was asked keeps naming for whom: requests do not move"),
    Stay(model=IdentityRequest, column="other", because="what was asked keeps naming whose the value was"),
    Stay(model=FieldTerm, because="they follow from the customer's answers, and are kept with those: services.merging"),
    Stay(model=ValidationCode, because="a code confirms the wish of whom it was told to; it lives for minutes"),
)
