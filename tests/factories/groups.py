"""Factory of user groups."""

from factory import LazyAttribute, Sequence, SubFactory

from customers.groups.models import GroupMembership, UserGroup
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory


class UserGroupFactory(TenantFactory):
    class Meta:
        model = UserGroup

    organization = SubFactory(OrganizationFactory)
    external_id = Sequence("G{}".format)
    name = LazyAttribute(lambda group: f"Group {group.external_id}")


def join_group(group: UserGroup, *customers: int, role: str = "MEMBER") -> None:
    """Make customers, by id, members of a user group."""
    for customer in customers:
        GroupMembership.objects.create(organization=group.organization, group=group, customer_id=customer, role=role)
