"""Factory of customer statuses."""

from factory import Sequence, SubFactory, post_generation

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory


class CustomerStatusFactory(TenantFactory):
    """A status that blocks the actions of `blocks`. The organization uses statuses from now on."""

    class Meta:
        model = CustomerStatus

    organization = SubFactory(OrganizationFactory, with_program=True)
    status = CustomerStatus.Status.SUSPENDED
    label = Sequence("Label {}".format)
    blocks = []

    @post_generation
    def are_enabled(status: CustomerStatus, *_: object) -> None:  # noqa: N805
        organization = status.organization
        organization.flags = {**organization.flags, "CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": 1}
        organization.save(update_fields=["flags"])


def label(customer: Customer, status: CustomerStatus, **more: object) -> None:
    """Give the customer this status, in the row alone."""
    Customer.objects.filter(pk=customer.pk).update(status_label=status, **more)
    customer.refresh_from_db()
