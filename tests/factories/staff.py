"""Factory of members of staff."""

from collections.abc import Iterable
from functools import cache

from django.contrib.auth.hashers import make_password
from factory import LazyAttribute, LazyFunction, SubFactory, Trait, post_generation

from organizations.locations.models import Store
from organizations.staff.models import StaffMember
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory

STAFF_PASSWORD = "correct-horse-battery"


@cache
def _hashed() -> str:
    """The hash of the password, made once: it is slow on purpose."""
    return make_password(STAFF_PASSWORD)


class StaffMemberFactory(TenantFactory):
    """A member of staff, limited to `stores` if there are any; `operator` belongs to no organization."""

    class Meta:
        model = StaffMember

    class Params:
        operator = Trait(organization=None)

    organization = SubFactory(OrganizationFactory)
    role = ""
    username = LazyAttribute(lambda member: member.role or "operator")
    password = LazyFunction(_hashed)
    is_staff = True
    is_superuser = LazyAttribute(lambda member: member.organization is None)

    @post_generation
    def stores(member: StaffMember, _create: bool, stores: Iterable[Store] | None, **_: object) -> None:  # noqa: N805, FBT001
        if stores:
            member.stores.set(stores)
