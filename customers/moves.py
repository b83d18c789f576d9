"""What of a customer's own follows into another customer when the two are merged? (docs/protocol.md 2.4)

Identifiers, the person's columns and who stands for a group need more than a move: `customers.services.merging`.
"""

from customers.models import (
    Card,
    Customer,
    CustomerSegment,
    FieldTerm,
    GroupMembership,
    Identifier,
    IdentityRequest,
    Merge,
    SourceProfile,
    ValidationCode,
)
from customers.services.moving import Clash, Move, Stay

MOVES = (
    Move(model=Card),
    Move(model=SourceProfile, clashes={"source_profile_unique": Clash.SURVIVOR_WINS}),
    Move(model=GroupMembership, clashes={"group_membership_unique": Clash.SURVIVOR_WINS}),
    Move(model=CustomerSegment, clashes={"customer_segment_unique": Clash.SURVIVOR_WINS}),
)
STAYS = (
    Stay(model=Identifier, because="they fill what the survivor lacks, and else lead to the survivor: services.merging"),
    Stay(model=Customer, column="merged_into", because="who was merged before follows to who stands: services.merging"),
    Stay(model=Merge, column="survivor", because="what happened keeps naming whom it happened to"),
    Stay(model=Merge, column="victim", because="what happened keeps naming whom it happened to"),
    Stay(model=IdentityRequest, because="what was asked keeps naming for whom: requests do not move"),
    Stay(model=IdentityRequest, column="other", because="what was asked keeps naming whose the value was"),
    Stay(model=FieldTerm, because="answers are columns; by those that the survivor has then, it is found: services.merging"),
    Stay(model=ValidationCode, because="a code confirms the wish of whom it was told to; it lives for minutes"),
)
