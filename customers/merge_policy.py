"""Rows of customers that a merge moves, and rows that it keeps with the victim (docs/protocol.md 2.4).

`customers.merging.services` transfers identifiers, columns of the customer and primary roles in groups.
"""

from customers.cards.models import Card
from customers.duplicates.models import DuplicateCandidate
from customers.erasure.models import Erasure
from customers.field_terms.models import FieldTerm
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.merging.models import Merge
from customers.merging.transfer import KeptRows, MovedRows
from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from customers.sources.models import SourceProfile
from customers.validation_codes.models import ValidationCode

MOVED = (
    MovedRows(model=Card),
    MovedRows(model=SourceProfile, conflicts=("source_profile_unique",)),
    MovedRows(model=GroupMembership, conflicts=("group_membership_unique",)),
    MovedRows(model=CustomerSegment, conflicts=("customer_segment_unique",)),
)
KEPT = (
    KeptRows(
        model=Identifier,
        reason="identifiers that the survivor lacks become current, the others lead to the survivor: merging.services",
    ),
    KeptRows(model=Customer, column="merged_into", reason="earlier victims are redirected to the survivor: merging.services"),
    KeptRows(model=Merge, column="survivor", reason="history of merges does not change"),
    KeptRows(model=Merge, column="victim", reason="history of merges does not change"),
    KeptRows(model=DuplicateCandidate, column="first", reason="duplicates.services settles the pairs of both customers"),
    KeptRows(model=DuplicateCandidate, column="second", reason="duplicates.services settles the pairs of both customers"),
    KeptRows(model=IdentityRequest, reason="a request keeps its customer"),
    KeptRows(model=IdentityRequest, column="other", reason="a request keeps the owner of the value"),
    KeptRows(model=Erasure, reason="a certificate stays with the customer who was erased"),
    KeptRows(model=FieldTerm, reason="terms are derived from the answers: merging.services"),
    KeptRows(model=OutboxMessage, reason="a message was for the customer that it names"),
    KeptRows(model=ValidationCode, reason="a code is valid for minutes, for the customer it was sent to"),
)
