"""Merges of the demo's duplicate customers, one of them undone, by the use cases of staff."""

from typing import Final

from customers.duplicates.models import DuplicateCandidate
from customers.merging.models import Merge
from organizations.audit.actors import staff_actor
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from use_cases.merging import MergeRefusedError, merge_customers, undo_merge

MERGER: Final = "tomas"
# Only every fourth pair is merged, so that open pairs of each kind of evidence are left.
_EVERY: Final = 4
_REASONS: Final = (
    "Same person: showed both e-mails on the telephone",
    "Registered twice at the counter, same address",
    "Same name, and the card of the other account in the purse",
)
_UNDONE: Final = "Mother and daughter, who share a name"


def merge_demo_duplicates(organization: Organization) -> int:
    """Merge some of the open duplicate candidates and undo the last merge; the number of merges.

    Does nothing if there are merges already, of an older edition or of a user. Call it in a transaction.
    """
    if Merge.objects.exists():
        return 0
    by = staff_actor(StaffMember.objects.get(organization=organization, username=MERGER), organization)
    candidates = DuplicateCandidate.objects.filter(state=DuplicateCandidate.State.OPEN).order_by("pk")
    merges: list[Merge] = []
    for pair, reason in zip(list(candidates)[::_EVERY], _REASONS, strict=False):
        try:
            merges.append(merge_customers(survivor=pair.first_id, victim=pair.second_id, by=by, reason=reason).merge)
        except MergeRefusedError:
            continue
    if merges:
        undo_merge(merges[-1], reason=_UNDONE, by=by)
    return len(merges)
