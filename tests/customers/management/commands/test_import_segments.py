"""Bulk import of segments (docs/imports.md)."""

from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.management.commands.import_segments import SegmentBatch
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment, SegmentPartition
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import register
from tests.factories.organizations import OrganizationFactory
from tests.factories.segments import SegmentFactory
from tests.imports import Outcome, refused, rejects, run_import, write_lines

pytestmark = pytest.mark.django_db
ASHA, BORIS = "9812345678", "9812345679"


@pytest.fixture(autouse=True)
def band(organization: Organization) -> list[SegmentPartition]:
    return list(SegmentFactory(organization=organization, name="band", partitions=["low", "mid", "high"]).partitions.all())


@pytest.fixture(autouse=True)
def people(till: Till) -> list[Customer]:
    return [register(till, mobile=ASHA, email="asha@example.com"), register(till, mobile=BORIS)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "segments.csv"


def run(path: Path, *lines: str, options: tuple[str, ...] = ()) -> Outcome:
    return run_import("import_segments", write_lines(path, *lines), *options)


def assigned() -> list[tuple[int, str, str]]:
    rows = CustomerSegment.objects.order_by("customer_id", "segment__name")
    return list(rows.values_list("customer_id", "segment__name", "partition__name"))


def audited(customer: Customer) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    entries = AuditEntry.objects.filter(object_type="customer", object_id=customer.pk, source="IMPORT").order_by("pk")
    return list(entries.values_list("action", "old", "new"))


def test_customers_come_into_partitions_and_move_to_others(
    organization: Organization, people: list[Customer], path: Path
) -> None:
    SegmentFactory(organization=organization, name="cycle", partitions=["new"])
    asha, boris = (customer.pk for customer in people)
    lines = ["mobile,segment,partition", f"{ASHA},band,low", f"{BORIS},band,high", f"{ASHA},cycle,new"]
    assert run(path, *lines).counts == (3, 0, 0, 0)
    assert assigned() == [(asha, "band", "low"), (asha, "cycle", "new"), (boris, "band", "high")]
    assert run(path, *lines).counts == (0, 0, 3, 0)
    before = CustomerSegment.objects.get(customer=asha, segment__name="band").pk
    assert run(path, "email,segment,partition", "asha@example.com,band,mid").counts == (0, 1, 0, 0)
    row = CustomerSegment.objects.get(customer=asha, segment__name="band")
    assert (row.pk, row.partition.name) == (before, "mid")
    assert audited(people[0]) == [
        ("updated", {}, {"segment band": "low"}),
        ("updated", {}, {"segment cycle": "new"}),
        ("updated", {"segment band": "low"}, {"segment band": "mid"}),
    ]


def test_later_rows_of_a_file_see_earlier_rows(people: list[Customer], path: Path) -> None:
    lines = ["mobile,segment,partition", f"{ASHA},band,low", f"{ASHA},band,low", f"{ASHA},band,mid", f"{ASHA},band,high"]
    assert run(path, *lines).counts == (1, 2, 1, 0)
    assert assigned() == [(people[0].pk, "band", "high")]
    assert [new for _, _, new in audited(people[0])] == [{"segment band": name} for name in ("low", "mid", "high")]
    assert run(path, *lines, options=("--batch-size", "1")).counts == (0, 3, 1, 0)
    assert assigned() == [(people[0].pk, "band", "high")]


def test_rows_are_rejected_with_the_codes_of_the_api(organization: Organization, path: Path, tmp_path: Path) -> None:
    band = SegmentPartition.objects.get(name="low")
    band.is_active = False
    band.save()
    SegmentFactory(organization=organization, name="gone", partitions=["x"], is_active=False)
    errors = tmp_path / "errors.csv"
    outcome = run(
        path,
        "mobile,id,segment,partition",
        ",,band,mid",
        "9812345670,,band,mid",
        ",999999,band,mid",
        "12ab,,band,mid",
        ",abc,band,mid",
        f"{ASHA},,band,top",
        f"{ASHA},,band,low",
        f"{ASHA},,gone,x",
        f"{ASHA},,Band,mid",
        f"{ASHA},,,mid",
        f"{ASHA},,band,",
        f"{ASHA},, band , mid ",
        options=("--errors", str(errors)),
    )
    assert (outcome.status, outcome.counts) == (1, (1, 0, 0, 11))
    codes = [row["error_code"] for row in rejects(errors)]
    assert codes == ["1015", "1012", "1011", "1042", "400", "400", "400", "400", "400", "400", "400"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("mobile,segment", "missing partition"),
        ("segment,partition", "missing one of mobile, email, external_id, id"),
        ("mobile,segment,partition,value", "unknown value"),
    ],
)
def test_wrong_columns_import_nothing(path: Path, header: str, message: str) -> None:
    outcome = run(path, header, ",".join(["x"] * (header.count(",") + 1)))
    assert (outcome.status, message in outcome.err) == (2, True)


def test_another_organizations_segments_are_unknown(path: Path) -> None:
    with unscoped("tests make their rows"):
        bazaar = OrganizationFactory(code="bazaar", with_program=True)
    with organization_scope(bazaar):
        SegmentFactory(organization=bazaar, name="age", partitions=["young"])
    assert run(path, "mobile,segment,partition", f"{ASHA},age,young").counts == (0, 0, 0, 1)


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_takes_the_same_queries_for_any_number_of_rows(
    organization: Organization, till: Till, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mobiles = [str(9812345600 + number) for number in range(count)]
    for mobile in mobiles:
        register(till, mobile=mobile)
    batch = SegmentBatch(command_actor("import_segments", organization))
    # Customers, partitions, the lock, what there is; the new rows and their audit.
    with django_assert_num_queries(6):
        batch.work([{"mobile": mobile, "segment": "band", "partition": "low"} for mobile in mobiles])
    with django_assert_num_queries(4):
        batch.work([{"mobile": mobile, "segment": "band", "partition": "low"} for mobile in mobiles])
    with django_assert_num_queries(6):
        batch.work([{"mobile": mobile, "segment": "band", "partition": "mid"} for mobile in mobiles])
    # Nobody is known: customers and partitions alone.
    with django_assert_num_queries(2):
        batch.work([{"mobile": "9812345999", "segment": "band", "partition": "mid"}] * count)


@pytest.mark.parametrize(
    ("column", "value", "detail"),
    [
        ("segment", "bands", 'segment: "bands" is not an active segment with partitions'),
        ("partition", "lower", 'partition: "lower" is not an active partition of band'),
        ("partition", "", "partition: it is blank, which is not an active partition of band"),
        ("mobile", "", "mobile, email, external_id, id: blank; one of them is needed"),
    ],
)
def test_a_row_is_refused_with_the_column_and_what_it_has(tmp_path: Path, column: str, value: str, detail: str) -> None:
    sound = {"mobile": ASHA, "segment": "band", "partition": "low"}
    assert refused("import_segments", tmp_path, {**sound, column: value})["error_detail"].startswith(detail)
