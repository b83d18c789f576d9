"""Birthdays, anniversaries and complete profiles."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.earning.models import OccasionRun
from engagement.earning.occasions import days_to_award
from engagement.points.explanations import explain
from engagement.points.models import PointsEntry
from engagement.programs.models import Membership, Program
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization
from tests.factories.bills import account_of, member
from tests.factories.fields import FieldFactory
from tests.factories.programs import ProgramVersionFactory
from tests.factories.statuses import CustomerStatusFactory, label

pytestmark = pytest.mark.django_db
GIFT = {"name": "gift", "on": "birthday", "award": {"fixed": 100}, "expiry": {"kind": "days", "value": 30}}
YEARS = {"name": "years", "on": "anniversary", "award": {"fixed": 50}}


@pytest.fixture
def dob(northwind: Organization) -> FieldDefinition:
    field: FieldDefinition = FieldFactory(organization=northwind, name="dob", category="extended", type="date")
    return field


def occasions(rules: Sequence[dict[str, Any]]) -> None:
    stored = {"occasions": list(rules), "birthday_field": "dob"}
    ProgramVersionFactory(program=Program.objects.get(), number=2, rules=stored, made_at=datetime(2021, 1, 1, tzinfo=UTC))


def born(organization: Organization, field: FieldDefinition, day: str, **more: Any) -> Customer:
    return member(organization, field_values={str(field.pk): day}, **more)


def run(*options: str) -> str:
    out = StringIO()
    call_command("award_occasions", *options, stdout=out)
    return out.getvalue().strip()


@pytest.mark.parametrize(
    ("day", "on", "awarded"),
    [
        ("1990-05-20", "2026-05-20", 1),
        ("1990-05-20", "2026-05-21", 0),
        ("2000-02-29", "2026-02-28", 1),
        ("2000-02-29", "2028-02-28", 0),
        ("2000-02-29", "2028-02-29", 1),
        ("2027-05-20", "2026-05-20", 0),
    ],
)
def test_birthdays_of_a_day(northwind: Organization, dob: FieldDefinition, day: str, on: str, awarded: int) -> None:
    occasions([GIFT])
    born(northwind, dob, day)
    assert run("--on", on) == f"northwind: occasions awarded: {awarded}"


def test_a_gift_is_dated_the_day_itself_and_given_once_a_year(northwind: Organization, dob: FieldDefinition) -> None:
    occasions([GIFT])
    asha = born(northwind, dob, "1990-05-20")
    for on, lifetime in (("2025-05-20", 100), ("2025-05-20", 100), ("2026-05-20", 200)):
        run("--on", on)
        assert account_of(asha).lifetime == lifetime
    entry = PointsEntry.objects.order_by("pk")[0]
    # Midnight in Kolkata.
    assert (entry.occurred_at, entry.lot.expires_on) == (datetime(2025, 5, 19, 18, 30, tzinfo=UTC), date(2025, 6, 19))
    assert explain(entry) == "100 points credited, good until 2025-06-19: occasion “gift” in Club, version 2."


@pytest.mark.parametrize(
    ("registered", "awarded"), [((2024, 5, 19, 18, 40), 1), ((2024, 5, 20, 18, 40), 0), ((2026, 5, 20, 9, 0), 0)]
)
def test_anniversaries_of_the_registration(
    northwind: Organization, dob: FieldDefinition, registered: tuple[int, int, int, int, int], awarded: int
) -> None:
    occasions([YEARS])
    member(northwind, registered_on=datetime(*registered, tzinfo=UTC))
    assert run("--on", "2026-05-20", "--organization", "northwind").endswith(f": {awarded}")


@pytest.mark.parametrize("how", ["no member", "later member", "blocked", "paused", "no loyalty", "no points"])
def test_who_gets_no_gift(northwind: Organization, dob: FieldDefinition, how: str) -> None:
    occasions([GIFT if how != "no points" else {**GIFT, "award": {"fixed": 0.4}}])
    asha = born(northwind, dob, "1990-05-20")
    if how == "no member":
        Membership.objects.all().delete()
    if how == "later member":
        Membership.objects.update(enrolled_on=datetime(2026, 5, 21, tzinfo=UTC))
    if how == "blocked":
        label(asha, CustomerStatusFactory(organization=northwind, blocks=["points_issue"]))
    if how == "paused":
        Program.objects.update(is_paused=True)
    if how == "no loyalty":
        Customer.objects.update(type=Customer.Type.NON_LOYALTY)
    assert run("--on", "2026-05-20").endswith(": 0")


def test_each_day_since_the_last_run_is_awarded_once(northwind: Organization, dob: FieldDefinition) -> None:
    occasions([GIFT])
    people = [born(northwind, dob, f"1990-05-{day}") for day in (18, 19, 20, 21)]
    with time_machine.travel(datetime(2026, 5, 18, 9, tzinfo=UTC), tick=False):
        # The first run awards its own day alone.
        assert run().endswith(": 1")
    with time_machine.travel(datetime(2026, 5, 20, 9, tzinfo=UTC), tick=False):
        assert run().endswith(": 2")
        assert run().endswith(": 0")
    assert [account_of(person).lifetime for person in people] == [100, 100, 100, 0]


@pytest.mark.parametrize(("last", "days"), [(None, 1), ("2026-05-20", 0), ("2026-05-19", 1), ("2026-01-01", 31)])
def test_at_most_31_days_are_made_up_for(northwind: Organization, last: str | None, days: int) -> None:
    if last:
        OccasionRun.objects.create(organization=northwind, last_day=date.fromisoformat(last))
    assert len(days_to_award(northwind, today=date(2026, 5, 20))) == days


def test_a_night_costs_the_same_for_one_and_three(northwind: Organization, dob: FieldDefinition) -> None:
    def statements(on: str, people: int) -> int:
        for _ in range(people):
            born(northwind, dob, f"1990-{on[5:]}")
        with CaptureQueriesContext(connection) as queries:
            assert run("--on", on).endswith(f": {people}")
        return len(queries)

    occasions([GIFT])
    statements("2026-05-18", 1)
    assert statements("2026-05-19", 1) == statements("2026-05-20", 3)


@pytest.mark.usefixtures("northwind")
def test_wrong_options_are_reported() -> None:
    with pytest.raises(CommandError, match="soon is no date"):
        run("--on", "soon")
    with pytest.raises(CommandError, match="There is no organization nobody"):
        run("--organization", "nobody")
