"""Sections of customer/get in one statement: any set of them, in an empty database and in a filled one."""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.identifiers.models import Identifier
from customers.lookup.services import KEYS
from customers.lookup.statement import Found, find_customers
from customers.profile.models import Customer
from customers.profile.reading import Reading, Section
from customers.registration.context import load_customer_fields
from engagement.programs.catalog import load_catalog
from organizations.card_series.models import CardSeries
from organizations.configuration import current_configuration, forget_configurations
from organizations.locations.models import Store
from organizations.locations.names import load_names
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import DAY, member, open_shop
from tests.factories.cards import CardFactory
from tests.factories.chains import NOON
from tests.factories.consents import ConsentFactory
from tests.factories.customers import CustomerFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.interactions import NotificationFactory
from tests.factories.notes import NoteFactory
from tests.factories.organizations import OrganizationFactory
from tests.factories.program_files import club, loaded
from tests.factories.segments import SegmentFactory, put_into
from tests.factories.sources import SourceProfileFactory
from use_cases.profile import SECTIONS, profile_of, sections_of

pytestmark = pytest.mark.django_db
FULL = os.environ.get("REGULARS_PROOFS") == "full"
FLAGS = (
    "user_id", "next_slab", "ndnc_status", "optin_status", "expiry_schedule", "expired_points", "points_summary",
    "promotion_points", "mlp", "program_summary", "user_group", "customer_image", "subscriptions", "segments", "card_details",
    "slab_history", "tier_upgrade_criteria", "membership_retention_criteria", "tracker_info", "delayed_accrual",
)  # fmt: skip
# Parts that the product does not have yet, and fields that northwind does not define.
BLANK = {"coupons", "current_nps_status", "gender", "customer_image", "custom_fields", "extended_fields"}
RULES: list[dict[str, Any]] = [
    {"name": "base", "award": {"per": 100, "points": 5}, "expiry": {"kind": "days", "value": 30}},
    {"name": "late", "award": {"fixed": 3}, "kind": "promotional", "delay_days": 20},
    {"name": "now", "award": {"fixed": 2}, "kind": "promotional", "expiry": {"kind": "days", "value": 60}},
]
TIERS: list[dict[str, Any]] = [
    {"name": "One", "description": "Everybody"},
    {"name": "Two", "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1000}},
]
GOLD: dict[str, Any] = {"name": "Gold club", "bound_to": {"card_series": ["GOLD"]}, "earning": [], "tiers": TIERS}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def empty() -> Iterator[Organization]:
    """An organization without anything."""
    organization = OrganizationFactory()
    with organization_scope(organization):
        yield organization


@pytest.fixture
def northwind() -> Iterator[Organization]:
    tracker = {"name": "Spend", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 30}
    organization = loaded(club(earning=RULES, trackers=[tracker]), GOLD)
    with organization_scope(organization):
        yield organization


@pytest.fixture
def asha(northwind: Organization) -> Customer:
    """A member with something for every section."""
    shop = open_shop(northwind)
    series = CardSeries.objects.get(code="GOLD")
    segment = SegmentFactory(organization=northwind, partitions=["low"])
    asha = member(
        northwind, "Club", "Gold club",
        with_identifiers=True, registered_till=shop.till, registered_store=shop.till.store, lastname="Rao",
    )  # fmt: skip
    for number, days, amount in (("1", 40, 1000), ("2", 2, 200)):
        at = NOON - days * DAY
        shop.record(shop.draft(number, amount, customer_id=asha.pk, billed_at=at), now=at)
    CardFactory(series=series, number="G-1", external_id="X-1", customer=asha)
    ConsentFactory(customer=asha)
    SourceProfileFactory(customer=asha)
    NoteFactory(customer=asha)
    NotificationFactory(customer=asha)
    join_group(UserGroupFactory(organization=northwind), asha.pk)
    put_into(segment.partitions.get(), asha.pk)
    return asha


def everything() -> Reading:
    """A reading that every section belongs to, with each part of the configuration in memory."""
    configuration = current_configuration()
    catalog = configuration.part(load_catalog)
    configuration.part(load_customer_fields)
    configuration.part(load_names)
    program_id = catalog.default.program.pk if catalog.default else 1
    asked = {"source": "WECHAT", "type": "regular", "till_code": "blr.till1", "program_id": str(program_id)}
    asked |= {"gap_to_upgrade_for": "0", "gap_to_renew_for": "0"}
    return Reading(configuration=configuration, query={**dict.fromkeys(FLAGS, "true"), **asked})


def sets_of(sections: Sequence[Section]) -> Iterator[tuple[Section, ...]]:
    """Each section alone, all pairs, and all together; every set in the whole proof."""
    for size in range(1, len(sections) + 1) if FULL else (1, 2, len(sections)):
        yield from combinations(sections, size)


def read(sections: Sequence[Section], *values: str, key: str = "id") -> Mapping[str, Found]:
    """The customers with what the sections print, by one statement that did not fail."""
    reading = everything()
    with CaptureQueriesContext(connection) as queries:
        found = find_customers(key, values, reading.policy, sections=sections, reading=reading)
    # The read; with a savepoint where a section may fail, as the test itself is a transaction.
    one_read = 3 if any(section.may_fail for section in sections) else 1
    assert (len(queries), reading.notices) == (one_read, [])
    return found


@pytest.mark.slow
def test_any_set_of_sections_reads_an_empty_database(empty: Organization) -> None:
    sections = sections_of(everything())
    # Rewards of referrals are due only in organizations that let them wait.
    assert len(sections) == len(SECTIONS) - 1
    for some in sets_of(sections):
        assert read(some, "1", "2") == {}


@pytest.mark.slow
def test_a_section_prints_the_same_in_any_set(asha: Customer) -> None:
    ids = [str(asha.pk), str(CustomerFactory(organization=asha.organization).pk)]
    sections = sections_of(everything())
    alone = {section: read([section], *ids) for section in sections}
    for some in sets_of(sections):
        found = read(some, *ids)
        assert {pk: list(found[pk].parts) for pk in ids} == {pk: [alone[part][pk].parts[0] for part in some] for pk in ids}


def test_every_section_has_something_to_print(asha: Customer) -> None:
    profile = profile_of(read(sections_of(everything()), str(asha.pk))[str(asha.pk)])
    assert {key for key, value in profile.items() if is_blank(value)} == BLANK


def is_blank(value: Any) -> bool:
    return all(map(is_blank, value.values())) if isinstance(value, dict) else value in (None, "", [])


def test_customers_share_statements_while_the_configuration_changes(asha: Customer) -> None:
    ids = [str(customer.pk) for customer in (asha, *CustomerFactory.create_batch(3, organization=asha.organization))]
    assert statements_after_a_change(ids[:1]) == statements_after_a_change(ids)


def statements_after_a_change(ids: Sequence[str]) -> int:
    """Statements of a read of everything, if the configuration changes between its first statement and its parts."""
    forget_configurations()
    reading = Reading(configuration=current_configuration(), query=dict.fromkeys(FLAGS, "true"))
    Store.objects.update(name=f"{len(ids)} renamed")
    with CaptureQueriesContext(connection) as queries:
        find_customers("id", ids, reading.policy, sections=sections_of(reading), reading=reading)
    return len(queries)


@pytest.mark.parametrize("flags", [{}, {"CONF_INSTORE_V2_ENABLED": 1, "CONF_REGISTRATION_PRIMARY_KEY": "email"}])
def test_all_sections_go_with_every_kind_of_value(asha: Customer, flags: dict[str, object]) -> None:
    Organization.objects.update(flags=flags)
    values = dict(Identifier.objects.filter(customer=asha).values_list("kind", "value"))
    values |= {"card_number": "G-1", "card_external_id": "X-1"}
    assert values.keys() | {"id"} == set(KEYS)
    sections = sections_of(everything())
    by_id = read(sections, str(asha.pk))[str(asha.pk)]
    for key, value in values.items():
        assert read(sections, value, key=key) == {value: by_id}
