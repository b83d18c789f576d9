"""Files that are imported again after two of their customers were merged, and after that was undone: all is unchanged."""

from pathlib import Path

import pytest

from customers.groups.models import GroupMembership
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment
from engagement.points.models import PointsEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.cards import CardSeriesFactory
from tests.factories.groups import UserGroupFactory
from tests.factories.segments import SegmentFactory
from tests.imports import run_import, write_lines
from tests.use_cases.merges import OLD, is_clean, merge, send, undo

pytestmark = pytest.mark.django_db
ANNA, TWIN = "919812300001", "919812300002"
# Command, header, and the rows: those of the later victim differ from the survivor's where the file allows it.
FILES = {
    "bills": (
        "import_transactions",
        "mobile,number,billing_time,amount,till_code,type,return_of,return_type",
        [
            f"{ANNA},B1,2026-01-05 10:00:00,100,mgroad.till1,,,",
            f"{TWIN},B2,2026-01-06 10:00:00,200,mgroad.till1,,,",
            f"{TWIN},R2,2026-01-07 10:00:00,50,mgroad.till1,RETURN,B2,AMOUNT",
        ],
    ),
    "points": (
        "import_points",
        "mobile,kind,points,occurred_at,reference,expires_on",
        [
            f"{ANNA},AWARD,50,2026-01-05 10:00:00,R1,2027-01-31",
            f"{TWIN},AWARD,70,2026-01-06 10:00:00,R1,2027-02-28",
            f"{ANNA},REDEEM,5,2026-01-07 10:00:00,R2,",
            f"{TWIN},REDEEM,7,2026-01-07 11:00:00,R2,",
            f"{TWIN},ADJUST,-3,2026-01-08 11:00:00,R3,",
        ],
    ),
    "cards": ("import_cards", "mobile,series,card_number,status", [f"{ANNA},GOLD,C1,ACTIVE", f"{TWIN},GOLD,C2,ACTIVE"]),
    "segments": ("import_segments", "mobile,segment,partition", [f"{ANNA},band,low", f"{TWIN},band,high", f"{TWIN},age,old"]),
    "groups": ("import_user_groups", "mobile,group,role", [f"{ANNA},G1,PRIMARY", f"{TWIN},G1,MEMBER", f"{TWIN},G2,PRIMARY"]),
}


@pytest.fixture
def twins(organization: Organization, till: Till) -> tuple[Customer, Customer]:
    SegmentFactory(organization=organization, name="band", partitions=["low", "high"])
    SegmentFactory(organization=organization, name="age", partitions=["old"])
    for external_id in ("G1", "G2"):
        UserGroupFactory(organization=organization, external_id=external_id)
    CardSeriesFactory(organization=organization, code="GOLD")
    first, second = (
        send(till, mobile=mobile, external_id=f"A-{n}", firstname=name, registered_on=OLD).customer
        for n, mobile, name in ((1, ANNA, "Anna"), (2, TWIN, "Ann"))
    )
    return first, second


def outcome(tmp_path: Path, what: str) -> tuple[int, ...]:
    command, header, rows = FILES[what]
    errors = tmp_path / "errors.csv"
    done = run_import(command, write_lines(tmp_path / f"{what}.csv", header, *rows), "--errors", str(errors))
    assert done.counts[3] == 0, errors.read_text()
    return done.counts


@pytest.mark.parametrize("what", FILES)
def test_a_file_is_unchanged_after_a_merge_and_after_its_undoing(
    organization: Organization, till: Till, twins: tuple[Customer, Customer], tmp_path: Path, what: str
) -> None:
    rows = len(FILES[what][2])
    assert outcome(tmp_path, what) == (rows, 0, 0, 0)
    merged = merge(till, *twins)
    assert outcome(tmp_path, what) == (0, 0, rows, 0)
    assert is_clean(organization)
    undo(till, merged)
    assert outcome(tmp_path, what) == (0, 0, rows, 0)
    assert is_clean(organization)


def test_other_content_under_a_known_reference_is_refused_after_a_merge(
    till: Till, twins: tuple[Customer, Customer], tmp_path: Path
) -> None:
    outcome(tmp_path, "points")
    merge(till, *twins)
    path = write_lines(
        tmp_path / "other.csv", "mobile,kind,points,occurred_at,reference", f"{TWIN},AWARD,71,2026-01-06 10:00:00,R1"
    )
    assert run_import("import_points", path).counts == (0, 0, 0, 1)
    assert PointsEntry.objects.filter(reference="R1").count() == 2


def test_a_new_partition_of_a_merged_customer_reaches_the_survivor(
    organization: Organization, till: Till, twins: tuple[Customer, Customer], tmp_path: Path
) -> None:
    outcome(tmp_path, "segments")
    merge(till, *twins)
    for mobile, partition, counts in ((ANNA, "high", (0, 1, 0, 0)), (TWIN, "low", (0, 1, 0, 0)), (TWIN, "high", (0, 0, 1, 0))):
        path = write_lines(tmp_path / "one.csv", "mobile,segment,partition", f"{mobile},band,{partition}")
        assert run_import("import_segments", path).counts == counts
    assert CustomerSegment.objects.get(customer=twins[0], segment__name="band").partition.name == "low"


def test_a_survivor_stays_primary_if_a_row_says_the_victim_is_a_member(
    till: Till, twins: tuple[Customer, Customer], tmp_path: Path
) -> None:
    outcome(tmp_path, "groups")
    merge(till, *twins)
    outcome(tmp_path, "groups")
    roles = dict(GroupMembership.objects.filter(customer=twins[0]).values_list("group__external_id", "role"))
    assert roles == {"G1": "PRIMARY", "G2": "PRIMARY"}
