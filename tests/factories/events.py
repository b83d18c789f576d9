"""Factory of deferred events."""

from factory import SelfAttribute, SubFactory

from engagement.events.models import DeferredEvent
from organizations.audit.models import AuditEntry
from tests.factories.base import TenantFactory
from tests.factories.customers import LONG_AGO, CustomerFactory


class DeferredEventFactory(TenantFactory):
    """The row of a waiting event, without its job."""

    class Meta:
        model = DeferredEvent

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    kind = "mark"
    payload = {}
    source = AuditEntry.Source.API
    actor = "till:mgroad.till1"
    created_at = LONG_AGO
