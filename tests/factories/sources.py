"""Factory of customers' accounts at other sources."""

from factory import SelfAttribute, Sequence, SubFactory

from customers.sources.models import SourceProfile
from tests.factories.base import TenantFactory
from tests.factories.customers import CustomerFactory


class SourceProfileFactory(TenantFactory):
    class Meta:
        model = SourceProfile

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    source = "WECHAT"
    account = Sequence("account {}".format)
