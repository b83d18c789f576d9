"""Factory of the fields that an organization defines."""

from factory import Sequence, SubFactory

from organizations.fields.models import FieldDefinition
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory


class FieldFactory(TenantFactory):
    class Meta:
        model = FieldDefinition

    organization = SubFactory(OrganizationFactory)
    name = Sequence("field {}".format)
    category = "custom"
