"""Who joins which program?"""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.earning.enrolment import Enrolment, Joining, enrol
from engagement.points.models import PointsAccount
from engagement.programs.catalog import load_catalog
from engagement.programs.models import Membership, Tier
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory
from tests.factories.program_files import club, load

pytestmark = pytest.mark.django_db
# In Kolkata it is the last day of January already.
AT = datetime(2026, 1, 30, 20, 0, tzinfo=UTC)


def people(organization: Organization, count: int) -> list[Customer]:
    customers: list[Customer] = CustomerFactory.create_batch(count, organization=organization, registered_on=AT, updated_on=AT)
    return customers


def enrolled(customers: list[Customer], organization: Organization, *, at: datetime = AT) -> Enrolment:
    programs = load_catalog().active
    return enrol([Joining(customer=customer, programs=programs, at=at) for customer in customers], organization=organization)


def test_every_member_begins_on_the_lowest_tier(northwind: Organization) -> None:
    customers = people(northwind, 2)
    enrolment = enrolled(customers, northwind)
    assert len(enrolment.new) == len(enrolment.memberships) == 2
    for customer, membership in zip(customers, Membership.objects.order_by("pk"), strict=True):
        assert (membership.customer, membership.program.name, membership.enrolled_on) == (customer, "Club", AT)
        assert membership.tier == Tier.objects.get(name="Bronze")
        account = PointsAccount.objects.get(customer=customer)
        assert (account.program, account.balance, account.version) == (membership.program, 0, 0)
        assert (membership.tier_since, membership.tier_expires_on) == (AT, None)
        stored = enrolment.memberships[customer.pk, membership.program_id]
        assert (stored.pk, stored.tier) == (membership.pk, membership.tier)


def test_a_program_without_tiers_gives_none(northwind: Organization) -> None:
    load(club(tiers=[]))
    (membership,) = enrolled(people(northwind, 1), northwind).new.values()
    membership.refresh_from_db()
    assert (membership.tier, membership.tier_since, membership.tier_expires_on) == (None, None, None)


@pytest.mark.parametrize(("months", "last_day"), [(1, date(2026, 2, 28)), (12, date(2027, 1, 31)), (None, None)])
def test_the_lowest_tier_lasts_by_its_rules(northwind: Organization, months: int, last_day: date) -> None:
    load(club(tiers=[{"name": "Bronze", "validity_months": months}]))
    enrolled(people(northwind, 1), northwind)
    assert Membership.objects.get().tier_expires_on == last_day


def test_existing_members_stay_unchanged(northwind: Organization) -> None:
    first, second = people(northwind, 2)
    (membership,) = enrolled([first], northwind).new.values()
    Membership.objects.update(tier=Tier.objects.get(name="Gold"))
    later = enrolled([first, second, second], northwind, at=datetime(2026, 6, 1, tzinfo=UTC))
    assert [key.customer_id for key in later.new] == [second.pk]
    present = later.memberships[first.pk, membership.program_id]
    assert (present.pk, present.enrolled_on) == (membership.pk, AT)
    assert present.tier is not None
    assert present.tier.name == "Gold"
    assert Membership.objects.count() == 2


def test_several_programs_at_once_give_one_membership_each(northwind: Organization) -> None:
    load(club(), {"name": "Second", "tiers": [{"name": "Palm"}]})
    enrolment = enrolled(people(northwind, 3), northwind)
    assert len(enrolment.new) == 6
    assert (
        sorted(membership.tier.name for membership in enrolment.new.values() if membership.tier)
        == ["Bronze"] * 3 + ["Palm"] * 3
    )


def test_no_program_is_no_membership(northwind: Organization) -> None:
    customers = people(northwind, 1)
    nothing = [Joining(customer=customer, programs=[], at=AT) for customer in customers]
    assert enrol(nothing, organization=northwind) == enrolled([], northwind) == Enrolment()


@pytest.mark.parametrize("count", [1, 3, 120])
def test_enrolling_costs_the_same_for_any_number(
    northwind: Organization, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Many are written by COPY, which is no query in Django's books."""
    customers = people(northwind, count)
    programs = load_catalog().active
    joinings = [Joining(customer=customer, programs=programs, at=AT) for customer in customers]
    with django_assert_num_queries(4 if count < 50 else 2):
        enrol(joinings, organization=northwind)
    assert Membership.objects.count() == count


def test_the_database_refuses_a_second_membership(northwind: Organization) -> None:
    (membership,) = enrolled(people(northwind, 1), northwind).new.values()
    membership.pk = None
    with pytest.raises(IntegrityError, match="membership_unique"), transaction.atomic():
        membership.save(force_insert=True)
