"""Factory of notes about customers."""

from factory import SelfAttribute, Sequence, SubFactory

from engagement.notes.models import Note
from tests.factories.base import TenantFactory
from tests.factories.bills import at
from tests.factories.customers import CustomerFactory


class NoteFactory(TenantFactory):
    """A note of a till."""

    class Meta:
        model = Note

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    description = Sequence("Likes tea number {}".format)
    noted_at = at("2026-01-05 10:00:00")
    recorded_at = at("2026-01-05 10:00:01")
    made_by = "till:mgroad.till1"
