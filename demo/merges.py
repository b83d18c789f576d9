"""Which customers of the demo turned out to be one? Some of those who are alike, merged and undone by the journeys of staff."""

from typing import Final

from customers.duplicates.models import DuplicateCandidate
from customers.merging.models import Merge
from organizations.audit.actors import staff_actor
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from use_cases.merging import MergeRefusedError, merge_customers, undo_merge

MERGER: Final = "tomas"
# Of the pairs that were found every so many is decided, so that each kind of evidence keeps some that wait.
_EVERY: Final = 4
_REASONS: Final = (
    "Same person: showed both e-mails on the telephone",
    "Registered twice at the counter, same address",
    "Same name, and the card of the other account in the purse",
)
_UNDONE: Final = "Mother and daughter, who share a name"


def merge_demo_twins(organization: Organization) -> int:
    """Merge some of the candidates that wait, and undo the last of these merges, in the transaction of the caller; how many.

    None where there are merges already: an older edition of the demo has made these, or somebody who tried it out.
    """
    if Merge.objects.exists():
        return 0
    by = staff_actor(StaffMember.objects.get(organization=organization, username=MERGER), organization)
    waiting = DuplicateCandidate.objects.filter(state=DuplicateCandidate.State.OPEN).order_by("pk")
    merges: list[Merge] = []
    for pair, reason in zip(list(waiting)[::_EVERY], _REASONS, strict=False):
        try:
            merges.append(merge_customers(survivor=pair.first_id, victim=pair.second_id, by=by, reason=reason).merge)
        except MergeRefusedError:
            continue
    if merges:
        undo_merge(merges[-1], reason=_UNDONE, by=by)
    return len(merges)
