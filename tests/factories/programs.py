"""Factories of programs, their versions, tiers and memberships."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from factory import SelfAttribute, Sequence, SubFactory, post_generation

from engagement.programs.models import Membership, Program, ProgramVersion, Tier
from tests.factories.base import TenantFactory
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.organizations import OrganizationFactory


class ProgramFactory(TenantFactory):
    """A program whose first version has `rules`; the tiers of these rules get their rows."""

    class Meta:
        model = Program

    organization = SubFactory(OrganizationFactory)
    name = Sequence("Program {}".format)

    @post_generation
    def rules(program: Program, _create: bool, rules: Mapping[str, Any] | None, **_: object) -> None:  # noqa: N805, FBT001
        ProgramVersionFactory(program=program, rules=rules or {})
        for position, tier in enumerate((rules or {}).get("tiers", []), start=1):
            TierFactory(program=program, name=tier["name"], position=position)


class ProgramVersionFactory(TenantFactory):
    class Meta:
        model = ProgramVersion

    organization = SelfAttribute("program.organization")
    program = SubFactory(ProgramFactory)
    number = 1
    rules = {}
    made_at = datetime(2020, 1, 1, tzinfo=UTC)


class TierFactory(TenantFactory):
    class Meta:
        model = Tier

    organization = SelfAttribute("program.organization")
    program = SubFactory(ProgramFactory)
    name = Sequence("Tier {}".format)
    position = 1


class MembershipFactory(TenantFactory):
    class Meta:
        model = Membership

    organization = SelfAttribute("program.organization")
    customer = SubFactory(CustomerFactory, organization=SelfAttribute("..organization"))
    program = SubFactory(ProgramFactory)
    enrolled_on = LONG_AGO
