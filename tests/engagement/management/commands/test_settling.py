"""How do points expire and come free at night? The two commands, alone and beside each other (docs/operating.md)."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction

from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Program
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.programs import ProgramFactory
from tests.races import race

NIGHT = datetime(2026, 5, 2, 1, tzinfo=UTC)
PEOPLE = 30

pytestmark = pytest.mark.django_db


def settle(command: str, *options: str) -> str:
    out = io.StringIO()
    call_command(command, *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def night() -> Iterator[None]:
    with time_machine.travel(NIGHT, tick=False):
        yield


def due_members(organization: Organization, count: int) -> None:
    """Members with 10 points that expired, 5 that were released and 1 for ever."""
    program = Program.objects.filter(is_default=True).first() or ProgramFactory(
        organization=organization, name="Club", is_default=True
    )
    for account in PointsAccountFactory.create_batch(count, organization=organization, program=program):
        give_points(account, 10, expiry=Expiry(date(2026, 5, 1)))
        give_points(account, 5, opens_at=datetime(2026, 5, 1, tzinfo=UTC))
        give_points(account, 1)


def entries() -> list[str]:
    return sorted(PointsEntry.objects.exclude(kind__in=["AWARD", "PROMISE"]).values_list("kind", flat=True))


@pytest.mark.parametrize("command", ["expire_points", "release_points", "evaluate_tiers"])
@pytest.mark.usefixtures("night")
def test_both_names_settle_all_that_is_due_and_again_nothing(organization: Organization, command: str) -> None:
    due_members(organization, 2)
    assert settle(command, "--organization", "northwind") == "northwind: accounts settled: 2\n"
    assert settle(command, "--organization", "northwind") == "northwind: accounts settled: 0\n"
    assert entries() == ["EXPIRE", "EXPIRE", "RELEASE", "RELEASE"]
    assert set(PointsAccount.objects.values_list("balance", "promised", "due_at")) == {(6, 0, None)}


@pytest.mark.usefixtures("night")
def test_all_are_settled_organization_by_organization(organization: Organization) -> None:
    with unscoped("tests make their rows"):
        bazaar = OrganizationFactory(code="bazaar", with_program=True)
    due_members(organization, 1)
    with organization_scope(bazaar):
        due_members(bazaar, 2)
    assert settle("expire_points", "--organization", "bazaar") == "bazaar: accounts settled: 2\n"
    assert settle("release_points", "--all") == "bazaar: accounts settled: 0\nnorthwind: accounts settled: 1\n"


def test_an_unknown_organization_is_refused() -> None:
    with pytest.raises(CommandError, match="no organization nowhere"):
        settle("expire_points", "--organization", "nowhere")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("night")
def test_two_at_once_settle_each_account_once() -> None:
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind", with_program=True)
    with organization_scope(organization), transaction.atomic():
        due_members(organization, PEOPLE)
    lines = race([["expire_points"], ["release_points"]], lambda command: settle(command, "--all"))
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == PEOPLE
    with organization_scope(organization):
        assert entries() == ["EXPIRE"] * PEOPLE + ["RELEASE"] * PEOPLE
        assert set(PointsAccount.objects.values_list("balance", "version")) == {(6, 5)}
