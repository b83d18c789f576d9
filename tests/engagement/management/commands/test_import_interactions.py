"""Interactions from files (docs/imports.md)."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.interactions.models import Interaction, Notification
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import at
from tests.factories.chains import NOON, Chain, member, open_chain
from tests.imports import Outcome, refused, run_import, write_lines

MESSAGE = "id,network,type,time,sender,receiver,subject,status,delivered_time"
SURVEY = "id,network,type,time,survey_name,nps_score,sent_by,response_url,completion_time"
PLACE = "id,network,type,time,latitude,longitude"
TIME = "2026-01-05 10:00:00"
Bring = Callable[..., Outcome]

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False):
        chain = open_chain()
        with organization_scope(chain.organization):
            yield chain


@pytest.fixture
def asha(chain: Chain) -> Customer:
    return member(chain, 0).customer


@pytest.fixture
def bring(chain: Chain, tmp_path: Path) -> Bring:
    """Imports rows under a header."""

    def bring(*rows: str, header: str = MESSAGE, options: tuple[str, ...] = ()) -> Outcome:
        return run_import("import_interactions", write_lines(tmp_path / "interactions.csv", header, *rows), *options)

    return bring


def test_a_message_is_brought(bring: Bring, asha: Customer) -> None:
    row = f'{asha.pk},Capillary,EMAIL,{TIME},shop@example.com,me@example.com,"Hello\nAsha",SENT,2026-01-05 10:00:05'
    assert bring(row).counts == (1, 0, 0, 0)
    message = Interaction.objects.get()
    assert (message.customer, message.network, message.type, message.subject) == (asha, "capillary", "email", "Hello\nAsha")
    assert (message.occurred_at, message.delivered_at) == (at(TIME), at("2026-01-05 10:00:05"))
    assert (message.sender, message.receiver, message.status) == ("shop@example.com", "me@example.com", "SENT")


def test_a_survey_is_brought(bring: Bring, asha: Customer) -> None:
    row = f"{asha.pk},capillary,survey,{TIME},Spring,9,till 1,https://example.com/1,2026-01-06"
    assert bring(row, header=SURVEY).counts == (1, 0, 0, 0)
    survey = Interaction.objects.get()
    assert (survey.survey_name, survey.nps_score, survey.sent_by) == ("Spring", 9, "till 1")
    assert (survey.response_url, survey.completed_at) == ("https://example.com/1", at("2026-01-06"))


def test_a_check_in_is_brought(bring: Bring, asha: Customer) -> None:
    row = f"{asha.pk},foursquare,checkin,{TIME},12.971598712345,-77.5"
    assert bring(row, row, header=PLACE).counts == (1, 0, 1, 0)
    place = Interaction.objects.get()
    assert (place.latitude, place.longitude) == (Decimal("12.9715987"), Decimal("-77.5"))


def test_a_notification_of_a_feed_is_brought(bring: Bring, asha: Customer) -> None:
    rows = [f"{asha.pk},{network},notification,{TIME},main,asha,Hi,SENT," for network in ("wechat", "web_engage")]
    assert bring(*rows).counts == (2, 0, 0, 0)
    assert bring(rows[0].replace("SENT", "READ"), rows[1]).counts == (0, 1, 1, 0)
    assert list(Notification.objects.order_by("pk").values_list("network", "status")) == [
        ("wechat", "READ"), ("web_engage", "SENT"),
    ]  # fmt: skip
    assert not Interaction.objects.exists()


def test_the_same_row_again_is_unchanged_and_filled_cells_change_it(bring: Bring, asha: Customer) -> None:
    begin = f"{asha.pk},capillary,sms,{TIME},SHOP,919812345678"
    assert bring(f"{begin},Hi,SENT,", f"{begin},,,", f"{begin},,SEEN,").counts == (1, 1, 1, 0)
    assert bring(f"{begin},Hi,SEEN,").counts == (0, 0, 1, 0)
    assert bring(f"{begin},,DELIVERED,2026-01-05 10:00:05").counts == (0, 1, 0, 0)
    message = Interaction.objects.get()
    assert (message.subject, message.status, message.delivered_at) == ("Hi", "DELIVERED", at("2026-01-05 10:00:05"))
    assert bring(f"{begin.replace('SHOP', 'OTHER')},Hi,SENT,").counts == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("cells", "detail"),
    [
        ({"network": "myspace"}, 'network: "myspace" is not one of facebook, twitter'),
        ({"network": ""}, "network: it is blank, but every row needs it"),
        ({"type": "pigeon"}, 'type: "pigeon" is not one of email'),
        ({"time": "noon"}, 'time: "noon" is not a time'),
        ({"time": "2026-05-03"}, "is more than a day ahead"),
        ({"sender": "9.198E+11"}, "is what a spreadsheet has made of it"),
        ({"subject": "x" * 251}, "has 251 characters; write at most 250"),
        ({"nps_score": "9"}, 'nps_score: "9" does not go with the type sms'),
        ({"latitude": "9"}, 'latitude: "9" does not go with the type sms'),
        ({"type": "survey", "nps_score": "11"}, "is too large; write at most 10"),
        ({"type": "survey", "nps_score": "-1"}, "is below 0"),
        ({"type": "survey", "nps_score": "9.5"}, "has decimals; write a whole number"),
        ({"type": "checkin", "latitude": "91", "longitude": "0"}, "is too large; write at most 90"),
        ({"type": "checkin", "latitude": "9"}, "longitude: it is blank, which does not go without the other coordinate"),
        ({"type": "checkin", "longitude": "9"}, "latitude: it is blank"),
    ],
)
def test_rejected_rows(asha: Customer, tmp_path: Path, cells: dict[str, str], detail: str) -> None:
    row = {"id": str(asha.pk), "network": "capillary", "type": "sms", "time": TIME, **cells}
    error = refused("import_interactions", tmp_path, row)
    assert error["error_code"] == "400"
    assert detail in error["error_detail"]
    assert not Interaction.objects.exists()


def test_unknown_customers_are_rejected(tmp_path: Path, chain: Chain) -> None:
    row = {"id": "999999999", "network": "capillary", "type": "sms", "time": TIME}
    assert refused("import_interactions", tmp_path, row)["error_code"] == "1011"


def test_unknown_and_missing_columns_end_the_run(bring: Bring) -> None:
    outcome = bring("1,x", header="id,text")
    assert (outcome.status, "unknown text; missing network, type, time" in outcome.err) == (2, True)


def test_a_batch_takes_the_same_statements_for_any_number_of_rows(bring: Bring, chain: Chain) -> None:
    people = [member(chain, 0, mobile=f"91981234567{number}").customer for number in range(4)]
    counts = []
    for day, customers in ((1, people[:1]), (2, people)):
        rows = [
            f"{customer.pk},{network},sms,2026-01-0{day},SHOP,x,Hi,SENT,"
            for customer in customers
            for network in ("capillary", "wechat")
        ]
        with CaptureQueriesContext(connection) as queries:
            assert bring(*rows).counts == (len(rows), 0, 0, 0)
        counts.append(len(queries))
    assert counts[0] == counts[1]
