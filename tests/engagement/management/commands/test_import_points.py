"""How does a history of points come in? (docs/imports.md)"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.catalog import current_catalog
from engagement.programs.models import Program
from engagement.redemptions.models import Redemption
from organizations.tenancy.scoping import organization_scope
from tests.factories.chains import NOON, Chain, member, open_chain, order, redeem
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory
from tests.imports import Outcome, refused, rejects, run_import, write_lines

COLUMNS = "id,kind,points,occurred_at,expires_on,reference"
Bring = Callable[..., Outcome]

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> Iterator[Chain]:
    earning = [{"name": "base", "award": {"per": 100, "points": 5}, "expiry": {"kind": "days", "value": 30}}]
    with time_machine.travel(NOON, tick=False):
        chain = open_chain(earning=earning)
        with organization_scope(chain.organization):
            yield chain


@pytest.fixture
def asha(chain: Chain) -> PointsAccount:
    return member(chain, 0)


@pytest.fixture
def bring(chain: Chain, tmp_path: Path) -> Bring:
    """Imports rows under a header; rejected rows are in `errors.csv`."""

    def bring(*rows: str, header: str = COLUMNS) -> Outcome:
        path = write_lines(tmp_path / "points.csv", header, *rows)
        return run_import("import_points", path, "--errors", str(tmp_path / "errors.csv"))

    return bring


def figures(account: PointsAccount) -> dict[str, int]:
    account.refresh_from_db()
    names = ("balance", "lifetime", "redeemed", "expired", "adjusted")
    return {name: int(getattr(account, name)) for name in names if getattr(account, name)}


def codes(tmp_path: Path) -> list[str]:
    return [row["error_code"] for row in rejects(tmp_path / "errors.csv")]


def test_every_kind_moves_its_figure(chain: Chain, asha: PointsAccount, bring: Bring) -> None:
    pk = asha.customer_id
    outcome = bring(
        f"{pk},AWARD,100,2026-01-01,2030-01-01,A-1",
        f"{pk},redeem,30,2026-02-01 10:00:00,,R-1",
        f"{pk},ADJUST,5,2026-02-02,2030-01-01,J-1",
        f"{pk},ADJUST,-20,2026-02-03,,J-2",
        f"{pk},EXPIRE,25,2026-02-04,,E-1",
    )
    assert (outcome.status, outcome.counts, outcome.err) == (0, (5, 0, 0, 0), "")
    assert figures(asha) == {"balance": 30, "lifetime": 100, "redeemed": 30, "expired": 25, "adjusted": -15}
    entries = PointsEntry.objects.order_by("version")
    assert [entry.reference for entry in entries] == ["A-1", "R-1", "J-1", "J-2", "E-1"]
    assert {entry.made_by for entry in entries} == {"command:import_points"}
    assert {entry.explanation["because"] for entry in entries} == {"import"}
    assert {entry.program_version.program for entry in entries if entry.program_version} == {chain.club}
    assert entries[1].occurred_at == datetime(2026, 2, 1, 4, 30, tzinfo=UTC)
    redemption = Redemption.objects.get()
    assert (redemption.points, redemption.entry, len(redemption.code)) == (30, entries[1], 6)


def test_the_same_file_again_is_unchanged_and_other_content_is_rejected(
    asha: PointsAccount, bring: Bring, tmp_path: Path
) -> None:
    pk = asha.customer_id
    rows = (f"{pk},AWARD,100,2026-04-20,2030-01-01,X-1", f"{pk},REDEEM,30,2026-04-21,,X-1", f"{pk},AWARD,7,2026-04-22,,X-2")
    assert bring(*rows).counts == (3, 0, 0, 0)
    assert bring(*rows).counts == (0, 0, 3, 0)
    changed = bring(
        f"{pk},AWARD,101,2026-04-20,2030-01-01,X-1",
        f"{pk},AWARD,100,2026-04-21,2030-01-01,X-1",
        f"{pk},AWARD,100,2026-04-20,2030-01-02,X-1",
        f"{pk},REDEEM,30,2026-04-21 00:00:01,,X-1",
        f"{pk},AWARD,7,2026-04-22,2026-05-22,X-2",
    )
    assert (changed.counts, codes(tmp_path)) == ((0, 0, 1, 4), ["400"] * 4)
    assert figures(asha) == {"balance": 77, "lifetime": 107, "redeemed": 30}


def test_a_repeated_row_of_a_file_is_posted_once(asha: PointsAccount, bring: Bring, tmp_path: Path) -> None:
    pk = asha.customer_id
    row = f"{pk},AWARD,100,2026-04-20,,X-1"
    assert bring(row, row, f"{pk},AWARD,50,2026-04-20,,X-1").counts == (1, 0, 1, 1)
    assert codes(tmp_path) == ["400"]


def test_a_reference_belongs_to_a_customer_and_a_kind_in_whatever_program(
    chain: Chain, asha: PointsAccount, bring: Bring
) -> None:
    south = PointsAccountFactory(organization=chain.organization, program=chain.south, customer=asha.customer)
    ben = member(chain, 0, mobile="919812345679")
    header = "id,program,kind,points,occurred_at,reference"
    outcome = bring(
        f"{asha.customer_id},Club,AWARD,10,2026-04-20,X-1",
        f"{asha.customer_id},South club,AWARD,10,2026-04-20,X-1",
        f"{asha.customer_id},South club,ADJUST,1.25,2026-04-20,X-1",
        f"{ben.customer_id},,AWARD,10,2026-04-20,X-1",
        header=header,
    )
    assert outcome.counts == (3, 0, 0, 1)
    south.refresh_from_db()
    assert south.balance == Decimal("1.25")


def test_an_online_redemption_is_known_to_an_import_by_its_reference(chain: Chain, asha: PointsAccount, bring: Bring) -> None:
    pk = asha.customer_id
    bring(f"{pk},AWARD,100,2026-04-20,2030-01-01,A-1")
    redeem(order(asha, "30", external_reference="R-1"), chain.blr)
    header = "id,kind,points,occurred_at,reference,store_code,till_code"
    row = f"{pk},REDEEM,30,2026-05-01 12:00:00,R-1,blr,blr.till1"
    assert bring(row, header=header).counts == (0, 0, 1, 0)
    assert bring(f"{pk},REDEEM,10,2026-04-25,R-2,,del.till1", header=header).counts == (1, 0, 0, 0)
    assert redeem(order(asha, "10", external_reference="R-2"), chain.blr).is_replay
    assert Redemption.objects.get(entry__reference="R-2").entry.store == chain.delhi.store


def test_more_than_the_balance_of_its_moment_is_1010(asha: PointsAccount, bring: Bring, tmp_path: Path) -> None:
    pk = asha.customer_id
    rows = [f"{pk},AWARD,100,2026-04-20,2030-01-01,A-1"]
    rows += [f"{pk},{kind},{points},2026-04-21,,M-1" for kind, points in (("REDEEM", 101), ("ADJUST", -101), ("EXPIRE", 101))]
    rows += [f"{pk},REDEEM,1,2026-04-19,,M-2"]
    assert bring(*rows).counts == (1, 0, 0, 4)
    assert codes(tmp_path) == ["1010"] * 4
    assert figures(asha) == {"balance": 100, "lifetime": 100}


def test_rows_of_a_customer_are_ordered_by_time_then_file(asha: PointsAccount, bring: Bring) -> None:
    pk = asha.customer_id
    outcome = bring(
        f"{pk},REDEEM,40,2026-02-01,,R-1",
        f"{pk},REDEEM,20,2026-03-01,,R-2",
        f"{pk},AWARD,40,2026-01-01,2030-01-01,A-1",
        f"{pk},AWARD,20,2026-03-01,2030-01-01,A-2",
    )
    assert outcome.counts == (3, 0, 0, 1)
    assert list(PointsEntry.objects.order_by("version").values_list("reference", flat=True)) == ["A-1", "R-1", "A-2"]


def test_ids_of_redemptions_grow_in_the_order_of_the_file(asha: PointsAccount, bring: Bring) -> None:
    pk = asha.customer_id
    days = {"R-1": "2026-02-03", "R-2": "2026-02-09", "R-3": "2026-02-06"}
    rows = [
        f"{pk},AWARD,100,2026-01-01,2030-01-01,A-1",
        *(f"{pk},REDEEM,10,{day},,{reference}" for reference, day in days.items()),
    ]
    assert bring(*rows).counts == (4, 0, 0, 0)
    assert list(Redemption.objects.order_by("pk").values_list("entry__reference", flat=True)) == list(days)


def test_a_redemption_of_the_past_spends_what_has_expired_since(asha: PointsAccount, bring: Bring) -> None:
    pk = asha.customer_id
    assert bring(f"{pk},AWARD,100,2026-01-01,2026-01-31,A-1", f"{pk},REDEEM,40,2026-01-20,,R-1").counts == (2, 0, 0, 0)
    assert figures(asha) == {"balance": 60, "lifetime": 100, "redeemed": 40}
    assert asha.due_at == datetime(2026, 1, 31, 18, 30, tzinfo=UTC)
    later = bring(f"{pk},REDEEM,10,2026-02-01,,R-2", f"{pk},REDEEM,10,2026-01-21,,R-3")
    assert later.counts == (1, 0, 0, 1)
    assert figures(asha) == {"lifetime": 100, "redeemed": 50, "expired": 50}


def test_a_late_posting_sees_the_current_account(asha: PointsAccount, bring: Bring) -> None:
    pk = asha.customer_id
    bring(f"{pk},AWARD,100,2026-01-01,2026-01-31,A-1", f"{pk},AWARD,1,2026-02-02,2030-01-01,A-2")
    assert figures(asha) == {"balance": 1, "lifetime": 101, "expired": 100}
    assert bring(f"{pk},REDEEM,10,2026-01-21,,R-1").counts == (0, 0, 0, 1)
    assert bring(f"{pk},REDEEM,1,2026-01-21,,R-1").counts == (1, 0, 0, 0)


def test_a_blank_expiry_is_that_of_the_first_earning_rule(chain: Chain, asha: PointsAccount, bring: Bring) -> None:
    south = PointsAccountFactory(organization=chain.organization, program=chain.south, customer=asha.customer)
    pk = asha.customer_id
    bring(f"{pk},AWARD,10,2026-04-20,,X-1", f"{pk},ADJUST,10,2026-04-20,2026-06-30 10:00:00,X-1")
    bring(f"{pk},South club,AWARD,10,2026-04-20,X-2", header="id,program,kind,points,occurred_at,reference")
    assert list(PointsLot.objects.filter(account=asha).order_by("pk").values_list("expires_on", flat=True)) == [
        date(2026, 5, 20),
        date(2026, 6, 30),
    ]
    assert PointsLot.objects.get(account=south).expires_on is None


def test_an_earning_moves_the_expiry_of_rolling_points(tmp_path: Path) -> None:
    with time_machine.travel(NOON, tick=False):
        chain = open_chain(earning=[{"name": "base", "award": {"fixed": 1}, "expiry": {"kind": "rolling", "value": 6}}])
        with organization_scope(chain.organization):
            account = member(chain, 0)
            path = write_lines(tmp_path / "points.csv", COLUMNS, f"{account.customer_id},AWARD,10,2026-04-20,,X-1")
            assert run_import("import_points", path).counts == (1, 0, 0, 0)
            account.refresh_from_db()
            assert account.last_earned_on == date(2026, 4, 20)
            rules = {"kind": "field", "name": "dob", "value": 7}
            version = chain.club.versions.get()
            version.pk, version.number = None, 2
            version.rules = {**version.rules, "earning": [{"name": "base", "award": {"fixed": 1}, "expiry": rules}]}
            version.save(force_insert=True)
            write_lines(path, COLUMNS, f"{account.customer_id},AWARD,10,2026-04-30,,X-2")
            outcome = run_import("import_points", path, "--errors", str(tmp_path / "errors.csv"))
            assert (outcome.counts, codes(tmp_path)) == ((0, 0, 0, 1), ["1093"])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",AWARD,10,2026-04-20,,X", "1015"),
        ("999999999,AWARD,10,2026-04-20,,X", "1011"),
        ("{pk},GIFT,10,2026-04-20,,X", "400"),
        ("{pk},AWARD,ten,2026-04-20,,X", "400"),
        ("{pk},AWARD,0,2026-04-20,,X", "400"),
        ("{pk},AWARD,-1,2026-04-20,,X", "400"),
        ("{pk},REDEEM,-1,2026-04-20,,X", "400"),
        ("{pk},ADJUST,0,2026-04-20,,X", "400"),
        ("{pk},AWARD,1.5,2026-04-20,,X", "400"),
        ("{pk},AWARD,0.0001,2026-04-20,,X", "400"),
        ("{pk},AWARD,NaN,2026-04-20,,X", "400"),
        ("{pk},AWARD,1e20,2026-04-20,,X", "400"),
        ("{pk},AWARD,10,yesterday,,X", "400"),
        ("{pk},AWARD,10,2026-05-03,,X", "400"),
        ("{pk},AWARD,10,2026-04-20,never,X", "400"),
        ("{pk},AWARD,10,2026-04-20,,", "400"),
        ("{pk},AWARD,10,2026-04-20,," + "x" * 101, "400"),
    ],
)
def test_malformed_or_unknown_rows_are_rejected(asha: PointsAccount, bring: Bring, tmp_path: Path, row: str, code: str) -> None:
    assert bring(row.format(pk=asha.customer_id)).counts == (0, 0, 0, 1)
    assert codes(tmp_path) == [code]


def test_who_and_where_is_checked(chain: Chain, asha: PointsAccount, bring: Bring, tmp_path: Path) -> None:
    header = "id,program,kind,points,occurred_at,reference,store_code,till_code,note"
    pk = asha.customer_id
    tourist = CustomerFactory(organization=chain.organization, type="NON_LOYALTY")
    without_account = member(chain, 0, mobile="919812345679")
    without_account.delete()
    rows = [
        f"{pk},Nowhere,AWARD,10,2026-04-20,X,,,",
        f"{pk},South club,AWARD,10,2026-04-20,X,,,",
        f"{tourist.pk},,AWARD,10,2026-04-20,X,,,",
        f"{pk},,AWARD,10,2026-04-20,X,moon,,",
        f"{pk},,AWARD,10,2026-04-20,X,,moon.till1,",
        f"{pk},,AWARD,10,2026-04-20,X,del,blr.till1,",
        f"{pk},,AWARD,10,2026-04-20,X,,,{'n' * 251}",
        f"{without_account.customer_id},,AWARD,10,2026-04-20,X,,,",
        f"{pk},,AWARD,999999999999999,2026-04-20,Y,,,",
        f"{pk},,AWARD,1,2026-04-20,Z,,,",
        f"{pk},,REDEEM,1,2026-04-20,Z,blr,,By hand",
    ]
    outcome = bring(*rows, header=header)
    assert codes(tmp_path) == ["400", "1020", "1013", "1150", "1150", "1150", "400", "1091", "1087"]
    assert outcome.counts == (2, 0, 0, 9)
    entry = Redemption.objects.get().entry
    assert (entry.note, entry.store, entry.till) == ("By hand", chain.blr.store, None)
    Program.objects.update(is_active=False)
    assert bring(f"{pk},AWARD,10,2026-04-20,,W").counts == (0, 0, 0, 1)
    assert codes(tmp_path) == ["1095"]


def test_columns_that_are_unknown_or_missing_stop_the_import(bring: Bring) -> None:
    outcome = bring("1", header="id,colour")
    assert outcome.status == 2
    assert "unknown colour; missing kind, points, occurred_at, reference" in outcome.err


def test_a_batch_costs_the_same_queries_for_one_row_and_for_many(chain: Chain, bring: Bring) -> None:
    def cost(count: int, name: str) -> int:
        people = [member(chain, 0, mobile=f"9198{name}{number:06}").customer_id for number in range(count)]
        rows = [
            row
            for pk in people
            for row in (
                f"{pk},AWARD,10,2026-04-20,,{name}",
                f"{pk},REDEEM,5,2026-04-21,,{name}",
                f"{pk},EXPIRE,1,2026-04-22,,{name}",
            )
        ]
        current_catalog()  # so that no run loads it
        with CaptureQueriesContext(connection) as queries:
            assert bring(*rows).counts == (3 * count, 0, 0, 0)
        return len(queries)

    assert cost(1, "12") == cost(3, "34")
    assert Customer.objects.count() == 4


REASONS = [
    ("kind", "GIFT", 400, 'kind: "GIFT" is not one of ADJUST, AWARD, EXPIRE, REDEEM'),
    ("kind", "", 400, "kind: it is blank, but every row needs it"),
    ("points", "1e2", 400, 'points: "1e2" has an exponent; write 100'),
    ("points", "1,000", 400, 'points: "1,000" has a thousands separator; write 1000'),
    ("points", "\u0665", 400, 'points: "\u0665" has other digits than 0 to 9; write 5'),
    ("points", "1_0", 400, 'points: "1_0" has a thousands separator; write 10'),
    ("points", "1.5", 400, 'points: "1.5" has decimals; write a whole number'),
    ("points", "1.2345", 400, 'points: "1.2345" has too many decimals; write at most 3'),
    ("points", "0", 400, 'points: "0" moves nothing'),
    ("points", "-5", 400, 'points: "-5" is below 0, which only an ADJUST may be'),
    ("points", "1" * 16, 400, f'points: "{"1" * 16}" is too large; write at most 999999999999999.999'),
    ("occurred_at", "2026-01-01T00:00:00Z", 400, 'occurred_at: "2026-01-01T00:00:00Z" has an offset from UTC'),
    ("occurred_at", "2030-01-01", 400, 'occurred_at: "2030-01-01" is more than a day ahead'),
    ("expires_on", "soon", 400, 'expires_on: "soon" is not a time'),
    ("reference", "", 400, "reference: it is blank, but every row needs it"),
    ("reference", "1.5E+11", 400, 'reference: "1.5E+11" is what a spreadsheet has made of it'),
    ("reference", "x" * 101, 400, "reference: "),
    ("note", "x" * 251, 400, "note: "),
    ("program", "Nowhere", 400, 'program: "Nowhere" is not a program of the organization'),
    ("store_code", "nowhere", 1150, 'store_code: "nowhere" is not a store of the organization'),
    ("till_code", "nowhere", 1150, 'till_code: "nowhere" is not a till of the organization'),
    ("id", "999999", 1011, 'id: "999999" is not the id of a customer'),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value", "code", "detail"), REASONS)
def test_a_row_is_refused_with_the_column_and_what_it_has(
    asha: PointsAccount, tmp_path: Path, column: str, value: str, code: int, detail: str
) -> None:
    sound = {"id": str(asha.customer_id), "kind": "AWARD", "points": "5", "occurred_at": "2026-01-01", "reference": "A-1"}
    error = refused("import_points", tmp_path, {**sound, column: value})
    assert error["error_code"] == str(code)
    assert error["error_detail"].startswith(detail)


def test_what_the_account_forbids_is_explained(chain: Chain, asha: PointsAccount, bring: Bring, tmp_path: Path) -> None:
    stranger = CustomerFactory(organization=chain.organization, type="NON_LOYALTY")
    header = "id,kind,points,occurred_at,reference,expires_on"
    row = f"{asha.customer_id},AWARD,5,2026-01-01,A-1,2030-01-01"
    bring(
        row,
        row.replace(",5,", ",6,"),
        f"{asha.customer_id},REDEEM,7,2026-01-02 03:04:05,R-1,",
        f"{stranger.pk},AWARD,5,2026-01-01,A-1,2030-01-01",
        header=header,
    )
    assert [row["error_detail"] for row in rejects(tmp_path / "errors.csv")] == [
        'reference: "A-1" is a reference of another AWARD of this customer, with other content',
        'points: "7" is more than the balance of 2026-01-02 03:04:05',
        f'id: "{stranger.pk}" is refused: Customer is not registered for the loyalty program.',
    ]


def test_a_reference_is_the_same_with_and_without_invisible_characters(asha: PointsAccount, bring: Bring) -> None:
    row = f"{asha.customer_id},AWARD,100,2026-04-20,2030-01-01,"
    assert bring(row + "X-\u200b1").counts == (1, 0, 0, 0)
    assert bring(row + "X-1", row + "\ufeffX-1").counts == (0, 0, 2, 0)
    assert PointsEntry.objects.get().reference == "X-1"


def test_a_reference_that_an_earlier_version_stored_as_sent_is_known(
    asha: PointsAccount, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = f"{asha.customer_id},AWARD,100,2026-04-20,2030-01-01,X-\u200b1"
    with monkeypatch.context() as earlier:
        earlier.setattr("loyalty_project.imports.cells.read_code", str.strip)
        assert bring(row).counts == (1, 0, 0, 0)
    assert PointsEntry.objects.get().reference == "X-\u200b1"
    assert bring(row).counts == (0, 0, 1, 0)
