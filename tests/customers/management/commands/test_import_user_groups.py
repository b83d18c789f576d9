"""Bulk import of members of user groups (docs/imports.md)."""

from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.groups.models import GroupMembership, UserGroup
from customers.management.commands.import_user_groups import GroupBatch
from customers.profile.models import Customer
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.groups import UserGroupFactory
from tests.imports import Outcome, refused, rejects, run_import, write_lines

pytestmark = pytest.mark.django_db
ASHA, BORIS, CHEN = "9812345678", "9812345679", "9812345670"


@pytest.fixture(autouse=True)
def family(organization: Organization) -> UserGroup:
    return UserGroupFactory(organization=organization, external_id="G1")


@pytest.fixture(autouse=True)
def people(till: Till) -> list[Customer]:
    return [register(till, mobile=mobile) for mobile in (ASHA, BORIS, CHEN)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "groups.csv"


def run(path: Path, *lines: str, options: tuple[str, ...] = ()) -> Outcome:
    return run_import("import_user_groups", write_lines(path, *lines), *options)


def roles(group: str = "G1") -> list[tuple[int, str]]:
    rows = GroupMembership.objects.filter(group__external_id=group).order_by("customer_id")
    return list(rows.values_list("customer_id", "role"))


def test_customers_join_groups_with_their_role(organization: Organization, people: list[Customer], path: Path) -> None:
    UserGroupFactory(organization=organization, external_id="G2")
    asha, boris, _ = (customer.pk for customer in people)
    lines = ["mobile,group,role", f"{ASHA},G1,primary", f"{BORIS},G1,", f"{ASHA},G2,MEMBER"]
    assert run(path, *lines).counts == (3, 0, 0, 0)
    assert roles() == [(asha, "PRIMARY"), (boris, "MEMBER")]
    assert roles("G2") == [(asha, "MEMBER")]
    assert run(path, *lines).counts == (0, 0, 3, 0)


def test_role_is_changed_where_given_and_kept_where_blank(people: list[Customer], path: Path) -> None:
    asha = people[0]
    run(path, "mobile,group,role", f"{ASHA},G1,PRIMARY")
    assert run(path, "mobile,group", f"{ASHA},G1").counts == (0, 0, 1, 0)
    assert run(path, "mobile,group,role", f"{ASHA},G1,MEMBER").counts == (0, 1, 0, 0)
    assert roles() == [(asha.pk, "MEMBER")]
    entries = AuditEntry.objects.filter(object_type="customer", object_id=asha.pk, source="IMPORT").order_by("pk")
    assert list(entries.values_list("action", "old", "new")) == [
        ("updated", {}, {"group G1": "PRIMARY"}),
        ("updated", {"group G1": "PRIMARY"}, {"group G1": "MEMBER"}),
    ]


@pytest.mark.parametrize("size", ["1", "1000"])
def test_the_present_primary_member_has_to_become_a_member_first(people: list[Customer], path: Path, size: str) -> None:
    asha, boris, chen = (customer.pk for customer in people)
    lines = ["mobile,group,role", f"{ASHA},G1,PRIMARY", f"{BORIS},G1,PRIMARY", f"{CHEN},G1,MEMBER"]
    for counts in ((2, 0, 0, 1), (0, 0, 2, 1)):
        assert run(path, *lines, options=("--batch-size", size)).counts == counts
    assert roles() == [(asha, "PRIMARY"), (chen, "MEMBER")]
    handed_over = ["mobile,group,role", f"{ASHA},G1,MEMBER", f"{CHEN},G1,PRIMARY", f"{BORIS},G1,MEMBER"]
    assert run(path, *handed_over, options=("--batch-size", size)).counts == (1, 2, 0, 0)
    assert roles() == [(asha, "MEMBER"), (boris, "MEMBER"), (chen, "PRIMARY")]


def test_later_rows_of_a_file_see_earlier_rows(people: list[Customer], path: Path) -> None:
    lines = ["mobile,group,role", f"{ASHA},G1,PRIMARY", f"{ASHA},G1,MEMBER", f"{BORIS},G1,PRIMARY", f"{ASHA},G1,"]
    assert run(path, *lines).counts == (2, 1, 1, 0)
    assert roles() == [(people[0].pk, "MEMBER"), (people[1].pk, "PRIMARY")]


def test_rows_are_rejected_with_the_codes_of_the_api(organization: Organization, path: Path, tmp_path: Path) -> None:
    UserGroupFactory(organization=organization, external_id="G0", is_active=False)
    errors = tmp_path / "errors.csv"
    outcome = run(
        path,
        "mobile,group,role",
        ",G1,",
        "9812345671,G1,",
        "12ab,G1,",
        f"{ASHA},G9,",
        f"{ASHA},g1,",
        f"{ASHA},G0,",
        f"{ASHA},,",
        f"{ASHA},G1,OWNER",
        options=("--errors", str(errors)),
    )
    assert (outcome.status, outcome.counts) == (1, (0, 0, 0, 8))
    codes = [row["error_code"] for row in rejects(errors)]
    assert codes == ["1015", "1012", "1042", "400", "400", "400", "400", "400"]


def test_wrong_columns_import_nothing(path: Path) -> None:
    outcome = run(path, "mobile,role", f"{ASHA},MEMBER")
    assert (outcome.status, "missing group" in outcome.err) == (2, True)


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_takes_the_same_queries_for_any_number_of_rows(
    organization: Organization, till: Till, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mobiles = [str(9812345600 + number) for number in range(count)]
    for number, mobile in enumerate(mobiles):
        register(till, mobile=mobile)
        UserGroupFactory(organization=organization, external_id=f"X{number}")
    batch = GroupBatch(command_actor("import_user_groups", organization))
    rows = [{"mobile": mobile, "group": f"X{number}", "role": "PRIMARY"} for number, mobile in enumerate(mobiles)]
    # Customers, groups, both locks, who is there; the new rows and their audit.
    with django_assert_num_queries(7):
        batch.work(rows)
    with django_assert_num_queries(5):
        batch.work(rows)
    with django_assert_num_queries(7):
        batch.work([{**row, "role": "MEMBER"} for row in rows])
    # Nobody is known: customers and groups alone.
    with django_assert_num_queries(2):
        batch.work([{**row, "mobile": "9812345999"} for row in rows])


@pytest.mark.parametrize(
    ("column", "value", "detail"),
    [
        ("group", "G2", 'group: "G2" is not the external id of an active group'),
        ("role", "CHIEF", 'role: "CHIEF" is not one of MEMBER, PRIMARY'),
    ],
)
def test_a_row_is_refused_with_the_column_and_what_it_has(tmp_path: Path, column: str, value: str, detail: str) -> None:
    sound = {"mobile": ASHA, "group": "G1"}
    assert refused("import_user_groups", tmp_path, {**sound, column: value})["error_detail"].startswith(detail)
