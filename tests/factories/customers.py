"""Factories of customers and their identifiers."""

from datetime import UTC, datetime

from factory import RelatedFactory, SelfAttribute, Sequence, SubFactory, Trait

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory

LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)


class CustomerFactory(TenantFactory):
    """A customer without identifiers; `with_identifiers` gives one of each kind."""

    class Meta:
        model = Customer

    class Params:
        with_identifiers = Trait(
            mobile=RelatedFactory("tests.factories.customers.IdentifierFactory", "customer"),
            email=RelatedFactory("tests.factories.customers.EmailFactory", "customer"),
            external_id=RelatedFactory("tests.factories.customers.ExternalIdFactory", "customer"),
        )

    organization = SubFactory(OrganizationFactory, with_program=True)
    registered_on = LONG_AGO
    updated_on = LONG_AGO
    firstname = Sequence("Member {}".format)


class IdentifierFactory(TenantFactory):
    """A current mobile number."""

    class Meta:
        model = Identifier

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    kind = Identifier.Kind.MOBILE
    value = Sequence("9198{:08}".format)


class EmailFactory(IdentifierFactory):
    """A current e-mail address."""

    kind = Identifier.Kind.EMAIL
    value = Sequence("member{}@example.com".format)


class ExternalIdFactory(IdentifierFactory):
    """A current external id."""

    kind = Identifier.Kind.EXTERNAL_ID
    value = Sequence("NW-{:04}".format)
