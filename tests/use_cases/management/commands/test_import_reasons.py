"""Rejected rows of customers and bills, each with a sentence on what is wrong (docs/imports.md)."""

import pytest

from engagement.bills.models import Bill
from organizations.imports.models import ImportRun, RejectedRow
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory
from tests.factories.fields import FieldFactory
from tests.factories.programs import ProgramFactory
from tests.imports import refused, run_import, write_lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def organization(organization: Organization) -> Organization:
    FieldFactory(organization=organization, name="age", type="number")
    FieldFactory(organization=organization, name="wedding", type="date")
    organization.countries = ["GB"]
    organization.save()
    return organization


OFFSET = "has an offset from UTC; write the time in the organization's time zone, like 2025-01-02 10:00:00"
SPREADSHEET = "is what a spreadsheet has made of it; write all its characters, as text"
CUSTOMERS = [
    ("mobile", "98x12", 1001, "is not a mobile number of IN or GB"),
    ("mobile", "9.19812E+11", 400, SPREADSHEET),
    ("mobile", "'919812345678", 400, SPREADSHEET),
    ("external_id", "'00017", 400, SPREADSHEET),
    ("external_id", "4,00011E+15", 400, SPREADSHEET),
    ("external_id", "x" * 251, 1003, "is not an external id of at most 250 characters"),
    ("card_number", "4.00011E+15", 400, SPREADSHEET),
    ("email", "a@b", 1002, "is not an e-mail address"),
    ("id", "12a", 400, "is not a number"),
    ("id", "999999", 1011, "is not the id of a customer"),
    ("sms_bulk", "yes", 400, "is not one of 0, 1"),
    ("registered_on", "2025-01-02T10:00:00Z", 1034, OFFSET),
    ("registered_on", "yesterday", 1034, "is not a time, or too far in the past or future"),
    ("test_control_status", "BOTH", 1062, "is not TEST or CONTROL"),
    ("custom.age", "1_000", 400, "has a thousands separator; write 1000"),
    ("custom.age", "\u0664\u0662", 400, "has other digits than 0 to 9; write 42"),
    ("custom.age", "1e1", 400, "has an exponent; write 10"),
    ("custom.age", "ten", 400, "is not a plain number"),
    ("custom.age", "1" * 40, 400, "is too large or too small"),
    ("custom.wedding", "2025-01-02T10:00:00+05:30", 400, OFFSET),
    ("custom.wedding", "02/01/2025", 400, "is not a date; write YYYY-MM-DD"),
    ("custom.wedding", "2025-02-30", 400, "is not a day of the calendar"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value", "code", "problem"), CUSTOMERS)
def test_a_customer_is_refused_with_the_column_and_what_it_has(organization, tmp_path, column, value, code, problem):
    identifier = {} if column == "id" else {"external_id": "E-1"}
    error = refused("import_customers", tmp_path, {**identifier, column: value})
    assert error["error_code"] == str(code)
    assert error["error_detail"].startswith(f'{column}: "{value[:80]}')
    assert problem in error["error_detail"]


def test_a_row_without_identifiers_is_refused_by_its_blank_columns(organization, tmp_path):
    error = refused("import_customers", tmp_path, {"mobile": "", "firstname": "Asha"})
    assert (error["error_code"], error["error_detail"]) == ("1007", "mobile, email, external_id: blank; one of them is needed")


def test_a_plain_number_of_a_field_is_kept_as_it_was_written(organization, tmp_path):
    path = write_lines(tmp_path / "in.csv", "external_id,custom.age,custom.wedding", "E-1,0042.50,2025-01-02 10:00:00")
    assert run_import("import_customers", path).counts == (1, 0, 0, 0)


AMOUNTS = (
    "1,234.50",
    "1.234,50",
    "12e2",
    "1_000",
    "\u0661\u0662",
    "\uff11",
    "1 000",
    "1'000",
    "₹100",
    "NaN",
    "Infinity",
    "0x10",
)
BILLS = [
    *(("amount", amount, "write") for amount in AMOUNTS),
    ("amount", "-1", "is below 0"),
    ("amount", "9999999999999", "is too large; write at most 999999999999.999"),
    ("gross_amount", "1e2", "has an exponent; write 100"),
    ("discount", "1,0", "has a decimal comma; write 1.0"),
    ("points", "1e2", "has an exponent; write 100"),
    ("points", "1.5", "has decimals; write a whole number"),
    ("points", "-5", "is below 0"),
    ("billing_time", "2025-01-02T10:00:00Z", OFFSET),
    ("billing_time", "2025-01-02 10:00:00+05:30", OFFSET),
    ("billing_time", "02/01/2025", "is not a time; write YYYY-MM-DD HH:MM:SS, or YYYY-MM-DD"),
    ("billing_time", "2999-01-01", "is too far in the future"),
    ("number", "1.2E+11", SPREADSHEET),
    ("number", "x" * 51, "has 51 characters; write at most 50"),
    ("notes", "x" * 251, "has 251 characters; write at most 250"),
    ("type", "GIFT", "is not one of"),
    ("return_of", "B0", "is filled, but a bill of type REGULAR returns nothing"),
    ("store_code", "nowhere", "is not a store of the organization"),
    ("till_code", "nowhere", "is not a till of the organization"),
    ("custom.count", "1_0", "has a thousands separator; write 10"),
    ("mobile", "12ab", "is not a mobile number of IN or GB"),
    ("mobile", "9812345678", "identifies no customer, or several"),
]  # fmt: skip


@pytest.fixture
def bill(organization: Organization) -> dict[str, str]:
    """A row that would be recorded."""
    ProgramFactory(organization=organization)
    FieldFactory(organization=organization, category="transaction", name="count", type="number")
    customer = CustomerFactory(organization=organization)
    return {"id": str(customer.pk), "number": "B1", "billing_time": "2025-01-02 10:00:00", "amount": "12.50"}


@pytest.mark.parametrize(("column", "value", "problem"), BILLS)
def test_a_bill_is_refused_with_the_column_and_what_it_has(bill, tmp_path, column, value, problem):
    if column == "mobile":
        del bill["id"]
    error = refused("import_transactions", tmp_path, {**bill, column: value})
    assert error["error_detail"].startswith(f'{column}: "{value[:80]}')
    assert problem in error["error_detail"]
    assert not Bill.objects.exists()


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"amount": ""}, "amount: it is blank, but every row needs it"),
        ({"type": "RETURN", "return_of": "B0", "return_type": "FULL"}, 'return_of: "B0" is not a bill of this customer'),
        ({"type": "RETURN", "return_type": "SOME"}, 'return_type: "SOME" is not one of'),
    ],
)
def test_a_return_or_a_blank_cell_is_explained_too(bill, tmp_path, more, detail):
    assert refused("import_transactions", tmp_path, {**bill, **more})["error_detail"].startswith(detail)


def test_a_bill_with_other_content_is_named_by_its_number(bill, tmp_path):
    run_import("import_transactions", write_lines(tmp_path / "first.csv", ",".join(bill), ",".join(bill.values())))
    error = refused("import_transactions", tmp_path, {**bill, "amount": "13"})
    assert error["error_detail"].startswith('number: "B1" is a bill of this till or store with other content')


QUOTED = (
    'mobile,firstname\n9812345670,Ann\n9812345671,"Bea\n9812345672,Cay\n9812345673,"Dee\n9812345674,"E\nve"\n9812345675,Fay\n'
)


def test_stray_quotes_cost_their_rows_and_error_files_keep_the_bytes(organization, tmp_path):
    path, errors = tmp_path / "in.csv", tmp_path / "errors.csv"
    path.write_text(QUOTED, encoding="utf-8")
    outcome = run_import("import_customers", path, "--errors", str(errors), "--batch-size", "1")
    assert (outcome.status, outcome.counts) == (1, (3, 0, 0, 4))
    stored = errors.read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in stored] == ["error_line", "3", "5", "6", "7"]
    assert [line[line.index("line,") :] for line in stored[1:4]] == [
        'line,9812345671,"Bea', 'line,9812345673,"Dee', 'line,9812345674,"E',
    ]  # fmt: skip
    mended = errors.read_text(encoding="utf-8").replace('"Bea', "Bea").replace('"Dee', "Dee").replace('"E', "E")
    errors.write_text(mended, encoding="utf-8")
    assert run_import("import_customers", errors).counts == (3, 0, 0, 1)


def test_a_run_of_an_earlier_version_is_continued_and_reported_whole(organization, tmp_path):
    path, errors = write_lines(tmp_path / "in.csv", "mobile,firstname", "12ab,Bo", "34cd,Cy"), tmp_path / "errors.csv"
    run_import("import_customers", path)
    run = ImportRun.objects.get()
    run.finished_at, run.offset, run.lines, run.rejected = None, len("mobile,firstname\n12ab,Bo\n"), 2, 1
    run.warnings, run.errors = {"91003 Validation failed": 2}, {}
    run.save()
    RejectedRow.objects.create(
        organization=organization, run=run, line=2, code=1001, message="Bad", cells='["12ab", "say \\"B\\"", "\\udce9"]'
    )
    outcome = run_import("import_customers", path, "--errors", str(errors))
    assert (outcome.counts, "Warning 91003 Validation failed (2 times)" in outcome.err) == ((0, 0, 0, 2), True)
    first, second = errors.read_bytes().splitlines()[1:]
    assert first == b'2,1001,Bad,,12ab,"say ""B""",\xe9'
    assert second.endswith(b",34cd,Cy")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("mobile;firstname\n9812345678;Asha\n", "semicolons"),
        ("Customers of May\nmobile,firstname\n9812345678,Asha\n", "line 2"),
        ("sep=,\nmobile,firstname\n9812345678,Asha\n", '"sep="'),
        ("mobile,firstname\r9812345678,Asha\r", "CR alone"),
        ("mobile,shoe\n9812345678,Asha\n", "unknown shoe"),
    ],
)
def test_a_file_in_another_shape_is_named_and_nothing_is_imported(organization, tmp_path, content, named):
    path = tmp_path / "in.csv"
    path.write_text(content, newline="")
    outcome = run_import("import_customers", path)
    assert (outcome.status, outcome.out) == (2, "")
    assert named in outcome.err
    assert not ImportRun.objects.exists()


def test_without_an_error_file_the_run_says_how_to_get_one(organization, tmp_path):
    path = write_lines(tmp_path / "in.csv", "mobile", "12ab")
    assert "--errors FILE" in run_import("import_customers", path).err
    assert "--errors FILE" not in run_import("import_customers", path, "--errors", str(tmp_path / "errors.csv")).err
