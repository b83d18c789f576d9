"""Factory of organizations."""

from factory import LazyAttribute, RelatedFactory, Sequence, Trait

from organizations.tenancy.models import Organization
from tests.factories.base import TenantFactory


class OrganizationFactory(TenantFactory):
    """An Indian organization; `with_program` gives it a default program, so that customers can register.

    `program__rules` are that program's rules.
    """

    class Meta:
        model = Organization

    class Params:
        with_program = Trait(
            program=RelatedFactory("tests.factories.programs.ProgramFactory", "organization", name="Club", is_default=True)
        )

    code = Sequence("org-{}".format)
    name = LazyAttribute(lambda organization: organization.code.title())
    timezone = "Asia/Kolkata"
    currency = "INR"
    base_country = "IN"
    countries = ["GB", "AE"]
