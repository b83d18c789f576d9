"""Cards by number and by series (docs/protocol.md 2.2, 4.1)."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.identifiers.numbering import ExternalIds, luhn_digit
from organizations.audit.models import AuditEntry
from organizations.card_series.models import Counter
from tests.factories.cards import CardSeriesFactory
from tests.midnights import DAY, around_midnight, moment
from tests.use_cases.test_registration import identifiers, register

pytestmark = pytest.mark.django_db


def codes(registered) -> list[int]:
    return [int(notice.code) for notice in registered.notices]


@pytest.fixture
def series(organization):
    return CardSeriesFactory(organization=organization)


def unissued(series, number="PLAIN-1", **more):
    return Card.objects.create(organization=series.organization, series=series, number=number, **more)


def test_an_unissued_card_is_issued_and_audited(till, series):
    unissued(series)
    registered = register(till, mobile="9812345678", card_number="PLAIN-1")
    card = Card.objects.get()
    assert (card.customer, card.status, codes(registered)) == (registered.customer, "ISSUED", [])
    assert card.issued_on is not None
    entry = AuditEntry.objects.get(object_type="card")
    assert (entry.object_id, entry.new) == (card.pk, {"number": "PLAIN-1", "customer": registered.customer.pk})


def test_card_is_issued_once(till, series):
    unissued(series)
    first = register(till, mobile="9812345678", card_number="PLAIN-1")
    again = register(till, mobile="9812345678", card_number="PLAIN-1")
    other = register(till, mobile="9812345679", card_number="PLAIN-1")
    assert (codes(again), again.is_changed, codes(other)) == ([], False, [91003])
    assert Card.objects.get().customer == first.customer


@pytest.mark.parametrize("more", [{"expires_on": date(2020, 1, 1)}, {"status": "INACTIVE"}])
def test_card_that_is_no_good_is_91003(till, series, more):
    unissued(series, **more)
    assert codes(register(till, mobile="9812345678", card_number="PLAIN-1")) == [91003]


@around_midnight
def test_card_is_good_until_the_end_of_its_last_local_day(till, organization, series, zone: ZoneInfo, clock: time):
    organization.timezone = zone.key
    organization.save()
    till.organization = organization
    unissued(series, expires_on=DAY)
    unissued(series, "PLAIN-2", expires_on=DAY - timedelta(days=1))
    with time_machine.travel(moment(zone, clock), tick=False):
        assert codes(register(till, mobile="9812345678", card_number="PLAIN-1")) == []
        assert codes(register(till, mobile="9812345679", card_number="PLAIN-2")) == [91003]


def test_unknown_card_and_unknown_series_are_91003(till, series):
    unissued(series)
    assert codes(register(till, mobile="9812345678", card_number="NOBODYS")) == [91003]
    assert codes(register(till, mobile="9812345678", series_code="SILVER")) == [91003]
    assert codes(register(till, mobile="9812345678", card_number="PLAIN-1", series_code="SILVER")) == [91003]


def test_series_gives_the_next_number_and_one_card_a_customer(till, series):
    first = register(till, mobile="9812345678", series_code="GOLD")
    again = register(till, mobile="9812345678", series_code="GOLD")
    register(till, mobile="9812345679", series_code="GOLD")
    assert list(Card.objects.order_by("pk").values_list("number", flat=True)) == ["GOLD000000000001", "GOLD000000000002"]
    assert (first.is_changed, again.is_changed, codes(again)) == (True, False, [])


def test_a_taken_number_is_skipped(till, series):
    unissued(series, "GOLD000000000001")
    registered = register(till, mobile="9812345678", series_code="GOLD")
    assert Card.objects.get(customer=registered.customer).number == "GOLD000000000002"


def test_series_without_numbers_left_is_91003(till, organization):
    series = CardSeriesFactory(organization=organization, code="TINY", length=5, prefix="TINY")
    Counter.objects.create(organization=organization, name="card:TINY", last=9)
    assert codes(register(till, mobile="9812345678", series_code=series.code)) == [91003]


def test_series_that_does_not_generate_is_91003(till, organization):
    CardSeriesFactory(organization=organization, code="HAND", generates=False)
    assert codes(register(till, mobile="9812345678", series_code="HAND")) == [91003]


@pytest.fixture
def generating(organization, till):
    organization.flags = {
        "CONF_CARD_NUMBER_GENERATION_ENABLED": 1, "CONF_GEN_CARD_NUMBER_AS_EXTERNAL_ID_ENABLED": 1,
        "CONF_CARD_NUMBER_LENGTH": 8,
        "CONF_CARD_NUMBER_PREFIX": "N", "CONF_CARD_NUMBER_SUFFIX": "X", "CONF_CARD_NUMBER_OFFSET": 100,
        "CONF_CARD_CHECKSUM_DIGIT_ALGO": "LUHN",
    }  # fmt: skip
    till.organization = organization
    return till


def test_generated_number_replaces_the_external_id_that_was_sent(generating):
    registered = register(generating, mobile="9812345678", external_id="MINE")
    assert identifiers(registered.customer)["external_id"] == f"N00101{luhn_digit('00101')}X"
    again = register(generating, mobile="9812345678", external_id="MINE")
    assert (again.is_new, again.is_changed, codes(again)) == (False, False, [])


def test_numbers_that_are_taken_are_skipped(generating, organization):
    register(generating, mobile="9812345670", external_id="MINE")
    Identifier.objects.filter(kind="external_id").update(value=f"N00103{luhn_digit('00103')}X")
    ids = ExternalIds(organization.policy)
    ids.draw(3)
    assert [ids.next()[1:6] for _ in range(3)] == ["00102", "00104", "00105"]


def test_ids_of_work_that_is_undone_are_used_again(generating, organization):
    ids = ExternalIds(organization.policy)
    ids.draw(2)
    used = []

    def work() -> None:
        with ids.returned_on_error():
            used.append(ids.next()[1:6])
            raise IntegrityError

    with pytest.raises(IntegrityError):
        work()
    assert used == ["00101"]
    assert [ids.next()[1:6] for _ in range(3)] == ["00101", "00102", "00103"]


def test_ids_are_drawn_ahead_in_two_statements(generating, organization, django_assert_num_queries):
    ids = ExternalIds(organization.policy)
    with django_assert_num_queries(2):
        ids.draw(3)
        ids.draw(3)
        assert len({ids.next() for _ in range(3)}) == 3


def test_exhausted_numbers_are_1038(generating, organization):
    Counter.objects.create(organization=organization, name="external_id", last=99_999)
    with pytest.raises(Exception, match="1038"):
        register(generating, mobile="9812345678")
