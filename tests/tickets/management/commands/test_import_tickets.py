"""Tickets from files (docs/imports.md)."""

from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.fields import FieldFactory
from tests.factories.tickets import TicketFactory
from tests.imports import Outcome, rejects, run_import, write_lines
from tests.use_cases.merges import merge, undo
from tickets.ticket.models import Ticket

COLUMNS = "id,subject,message,status,priority,department,type,reported_from,code,created_on"
Bring = Callable[..., Outcome]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words")]


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    """Imports rows under a header; rejected rows are in `errors.csv`."""

    def bring(*rows: str, header: str = COLUMNS, options: tuple[str, ...] = ()) -> Outcome:
        path = write_lines(tmp_path / "tickets.csv", header, *rows)
        return run_import("import_tickets", path, "--errors", str(tmp_path / "errors.csv"), *options)

    return bring


def errors(tmp_path: Path) -> list[tuple[str, str]]:
    return [(row["error_code"], row["error_detail"]) for row in rejects(tmp_path / "errors.csv")]


def test_a_ticket_comes_in_with_everything(asha: Customer, bring: Bring) -> None:
    row = f'{asha.pk},Old one,"It\nleaks",close,low,store,store,email,Z00000012,2020-02-03 04:05:06'
    assert bring(row).counts == (1, 0, 0, 0)
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.message, ticket.status, ticket.priority) == ("Old one", "It\nleaks", "CLOSE", "LOW")
    assert (ticket.department, ticket.type, ticket.reported_from, ticket.code) == ("STORE", "STORE", "EMAIL", "z00000012")
    assert (f"{ticket.created_at:%F %T}", ticket.made_by) == ("2020-02-02 22:35:06", "command:import_tickets")
    assert ticket.closed_at == ticket.recorded_at
    assert AuditEntry.objects.get(object_type="ticket").action == "opened"


def test_a_short_row_gets_the_usual_words_and_a_code(asha: Customer, bring: Bring) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        assert bring("9812345678,Kettle", header="mobile,subject").counts == (1, 0, 0, 0)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.priority, ticket.is_open, len(ticket.code)) == ("OPEN", "MEDIUM", True, 9)
    assert f"{ticket.created_at:%F %T}" == "2026-03-01 10:00:00"


def test_the_same_file_again_changes_nothing(asha: Customer, bring: Bring) -> None:
    rows = [
        f"{asha.pk},Kettle,,CLOSE,,,,,,2020-01-01",
        f"{asha.pk},Kettle,,,,,,,,2021-01-01",
        f"{asha.pk},Parcel,,,,,,,z00000001,",
        f"{asha.pk},Blank,,,,,,,,",
    ]
    assert bring(*rows).counts == (4, 0, 0, 0)
    assert bring(*rows).counts == (0, 0, 4, 0)
    assert bring(rows[2].replace("Parcel", "PARCEL").replace("z", "Z")).counts == (0, 0, 1, 0)
    assert (Ticket.objects.count(), AuditEntry.objects.filter(object_type="ticket").count()) == (4, 4)


def test_a_later_file_changes_tickets(asha: Customer, bring: Bring) -> None:
    bring(f"{asha.pk},Kettle,It leaks,,,,,,z00000001,2020-01-01")
    assert bring(f"{asha.pk},Kettle,,CLOSE,HIGH,,,,,2020-01-01").counts == (0, 1, 0, 0)
    ticket = Ticket.objects.get()
    assert (ticket.message, ticket.status, ticket.priority, ticket.is_open) == ("It leaks", "CLOSE", "HIGH", False)
    assert f"{ticket.due_at:%F %T}" == "2019-12-31 22:30:00"
    assert AuditEntry.objects.filter(object_type="ticket")[0].action == "closed"
    assert bring(f"{asha.pk},Other subject,,,,,,,z00000001,").counts == (0, 1, 0, 0)
    ticket.refresh_from_db()
    assert ticket.subject == "Other subject"


def test_rows_of_one_batch_see_earlier_ones(asha: Customer, bring: Bring, tmp_path: Path) -> None:
    rows = [
        f"{asha.pk},Kettle,,,,,,,,2021-01-01",
        f"{asha.pk},kettle,,,,,,,,2020-01-01",
        f"{asha.pk},KETTLE,Again,,,,,,,",
    ]
    # By their own times: the row of 2020 opens the subject.
    assert bring(*rows).counts == (1, 1, 0, 1)
    ((code, detail),) = errors(tmp_path)
    ticket = Ticket.objects.get()
    assert (code, detail) == ("1301", f'subject: "Kettle" is the subject of the customer\'s open ticket {ticket.code}')
    assert (ticket.message, f"{ticket.created_at:%Y}") == ("Again", "2019")


def test_a_ticket_is_closed_by_one_row_and_followed_by_another(asha: Customer, bring: Bring) -> None:
    bring(f"{asha.pk},Kettle,,,,,,,z00000001,2020-01-01")
    rows = [f"{asha.pk},Kettle,,CLOSE,,,,,z00000001,2020-01-01", f"{asha.pk},Kettle,,,,,,,z00000002,2021-01-01"]
    assert bring(*rows).counts == (1, 1, 0, 0)


def test_a_ticket_is_not_reopened_beside_another(asha: Customer, bring: Bring, tmp_path: Path) -> None:
    rows = [f"{asha.pk},Kettle,,CLOSE,,,,,z00000001,2020-01-01", f"{asha.pk},Kettle,,,,,,,z00000002,2021-01-01"]
    bring(*rows)
    assert bring(f"{asha.pk},Kettle,Why,OPEN,,,,,z00000001,").counts == (0, 0, 0, 1)
    assert errors(tmp_path)[0][0] == "1301"
    assert Ticket.objects.get(code="z00000001").message == ""


def test_refused_rows_say_why(asha: Customer, bring: Bring, tmp_path: Path, till: Till) -> None:
    TicketFactory(customer=register(till, mobile="9812345679"), code="z00000009")
    bring(f"{asha.pk},Kettle,,,,,,,z00000001,2020-01-01")
    rows = [
        f"{asha.pk},,,,,,,,,",
        f"{asha.pk},\u200d,,,,,,,,",
        f"{asha.pk},{'x' * 251},,,,,,,,",
        f"{asha.pk},A,,SLEEPING,,,,,,",
        f"{asha.pk},A,,,URGENT,,,,,",
        f"{asha.pk},A,,,,KITCHEN,,,,",
        f"{asha.pk},A,,,,,DOG,,,",
        f"{asha.pk},A,,,,,,PIGEON,,",
        f"{asha.pk},A,,,,,,,short,",
        f"{asha.pk},A,,,,,,,z0000000!,",
        f"{asha.pk},A,,,,,,,z00000009,",
        f"{asha.pk},A,,,,,,,z00000001,2020-01-02",
        f"{asha.pk},A,,,,,,,,2999-01-01",
        "999999999,A,,,,,,,,",
    ]
    assert bring(*rows).counts == (0, 0, 0, 14)
    codes, details = zip(*errors(tmp_path), strict=True)
    assert codes == (
        "1303", "1303", "400", "1302", "1302", "1302", "1302", "1302", "400", "400", "1302", "400", "400", "1011",
    )  # fmt: skip
    assert details[3] == 'status: "SLEEPING" is not one of OPEN, INPROGRESS, CLOSE'
    assert details[8] == 'code: "short" is not a ticket\'s code; write 9 letters and digits'
    assert details[10] == 'code: "z00000009" is the code of another customer\'s ticket'
    assert details[11] == 'created_on: "2020-01-02 00:00:00" is another time than that of the stored ticket'


def test_fields_have_columns(asha: Customer, bring: Bring, tmp_path: Path, organization: Organization) -> None:
    order = FieldFactory(organization=organization, category="ticket", name="order_number")
    bought = FieldFactory(organization=organization, category="ticket", name="bought", type="date")
    size = FieldFactory(organization=organization, category="ticket", name="size", type="enum", options=["S", "L"])
    header = "id,subject,custom.Order_Number,custom.bought,custom.size"
    outcome = bring(f"{asha.pk},A,4711,2026-01-02,s", f"{asha.pk},B,,soon,", f"{asha.pk},C,,,XL", header=header)
    assert outcome.counts == (2, 0, 0, 1)
    assert "Warning 1017 Provided custom field is invalid (once, line 4)" in outcome.err
    assert errors(tmp_path) == [("400", 'custom.bought: "soon" is not a date; write YYYY-MM-DD')]
    assert Ticket.objects.get(subject="A").field_values == {
        str(order.pk): "4711",
        str(bought.pk): "2026-01-02",
        str(size.pk): "S",
    }
    assert bring(f"{asha.pk},A", header="id,subject").counts == (0, 0, 1, 0)


@pytest.mark.parametrize("header", ["id,message", "subject,message", "id,subject,colour", "id,subject,custom.none"])
def test_wrong_columns_end_the_run(bring: Bring, header: str) -> None:
    assert bring("1,x", header=header).status == 2


def test_two_columns_of_one_field_end_the_run(bring: Bring, organization: Organization) -> None:
    FieldFactory(organization=organization, category="ticket", name="order_number")
    outcome = bring("1,x,1,2", header="id,subject,custom.order_number,custom.ORDER_NUMBER")
    assert (outcome.status, "the same field as custom.order_number" in outcome.err) == (2, True)


def test_a_dry_run_counts_and_stores_nothing(asha: Customer, bring: Bring) -> None:
    assert bring(f"{asha.pk},A,,,,,,,,", f"{asha.pk},a,x,,,,,,,", options=("--dry-run",)).counts == (1, 1, 0, 0)
    assert not Ticket.objects.exists()


def test_a_file_is_unchanged_after_a_merge_and_its_undoing(asha: Customer, till: Till, bring: Bring) -> None:
    register(till, mobile="9812345679", registered_on="2026-01-01")
    rows = ["9812345678,Kettle,", "9812345679,Kettle,", "9812345679,Parcel,2020-01-01"]
    header = "mobile,subject,created_on"
    assert bring(*rows, header=header).counts == (3, 0, 0, 0)
    twin = Customer.objects.exclude(pk=asha.pk).get()
    made = merge(till, asha, twin)
    assert bring(*rows, header=header).counts == (0, 0, 3, 0)
    undo(till, made)
    assert bring(*rows, header=header).counts == (0, 0, 3, 0)


def test_a_batch_costs_the_same_for_any_number_of_rows(asha: Customer, bring: Bring) -> None:
    def cost(name: str, count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            bring(*(f"{asha.pk},{name}{number},,,,,,,," for number in range(count)))
        return len(captured)

    cost("WARM", 1)
    assert cost("ONE", 1) == cost("THREE", 3)
