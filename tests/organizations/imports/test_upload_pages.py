"""Who sees and does what on the pages of imports, what they cost, and what is answered to files that are none."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from loyalty_project import upload_tickets
from organizations.audit.actors import command_actor
from organizations.imports import upload_handler, uploads
from organizations.imports.files import incoming_folder
from organizations.imports.kinds import columns_of, import_kinds
from organizations.imports.models import ImportRun, UploadedFile
from organizations.imports.running import import_file
from organizations.imports.samples import sample_file
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import list_of, log_in, shown
from tests.factories.organizations import OrganizationFactory
from tests.factories.staff import StaffMemberFactory
from tests.organizations.imports.uploading import (
    CUSTOMERS,
    checked,
    file_of,
    imported,
    refusal,
    send,
    started,
    upload_address,
    uploaded,
)


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.IMPORT_FILES_DIR = tmp_path / "imports"


@pytest.fixture
def manager(organization: Organization) -> Client:
    """A store manager of every store."""
    return log_in(StaffMemberFactory(organization=organization, role="store_manager", username="mira"))


@pytest.fixture
def limited(organization: Organization, store: Store) -> Client:
    """An administrator who is limited to a store."""
    return log_in(StaffMemberFactory(organization=organization, role="org_admin", stores=[store], username="lim"))


@pytest.fixture
def stranger_admin(organization: Organization) -> Client:
    """The administrator of another organization."""
    with unscoped("tests make their rows"):
        return log_in(StaffMemberFactory(organization=OrganizationFactory(code="bazaar"), role="org_admin", username="bo"))


def addresses(file: UploadedFile, run: ImportRun) -> dict[str, str]:
    """The addresses of all pages of imports, by method and name."""
    of_file = {"GET change", "GET columns", "GET progress", "POST start", "POST discard", "GET rejected"}
    of_run = {"GET progress", "POST stop", "POST continue", "GET rejected", "GET undo"}
    return {
        "GET new": reverse("admin:organizations_importrun_new_import"),
        "GET upload": reverse("admin:organizations_importrun_upload", args=["customers"]),
        "GET sample": reverse("admin:organizations_importrun_sample", args=["customers"]),
        "GET files": list_of("organizations_uploadedfile"),
        **{f"{name} of a file": _address("uploadedfile", name, file.pk) for name in of_file},
        **{f"{name} of a run": _address("importrun", name, run.pk) for name in of_run},
    }


def _address(model: str, name: str, pk: int) -> str:
    return reverse(f"admin:organizations_{model}_{name.partition(' ')[2]}", args=[pk])


def statuses(client: Client, file: UploadedFile, run: ImportRun) -> dict[str, int]:
    # What changes rows comes last.
    names = sorted(addresses(file, run).items())
    return {name: status(client, name.partition(" ")[0], address) for name, address in names}


def status(client: Client, method: str, address: str) -> int:
    answer = client.generic(method, address)
    if answer.streaming:
        file_of(answer)
    return answer.status_code


def test_pages_are_for_staff_who_may_import(
    administrator: Client, manager: Client, seller: Client, auditor: Client, limited: Client, till: Till
) -> None:
    run, file = imported(administrator), checked(administrator)
    for client in (seller, limited, auditor):
        answers = statuses(client, file, run)
        # An auditor may see runs.
        allowed = {"GET progress of a run"} if client is auditor else set()
        assert {name for name, status in answers.items() if status not in {403, 302}} == allowed
        assert client.post(upload_address(), {}).status_code == 403
    file.refresh_from_db()
    assert (file.state, UploadedFile.objects.count()) == ("CHECKED", 2)
    answers = statuses(manager, file, run)
    assert {status for name, status in answers.items() if name.startswith("GET")} == {200}
    assert {status for name, status in answers.items() if name.startswith("POST")} == {302}


def test_a_manager_brings_no_files_that_move_points(manager: Client, administrator: Client, till: Till) -> None:
    kinds = {kind.slug for kind, *_ in manager.get(reverse("admin:organizations_importrun_new_import")).context["kinds"]}
    every = {kind.slug for kind, *_ in administrator.get(reverse("admin:organizations_importrun_new_import")).context["kinds"]}
    assert every == set(import_kinds())
    assert every - kinds == {"coupons", "line-items", "points", "referrals", "tiers", "transactions"}
    assert manager.post(upload_address("points"), {}).status_code == 403
    assert manager.get(reverse("admin:organizations_importrun_sample", args=["points"])).status_code == 403
    file = uploaded(administrator, "mobile,kind,points,occurred_at,reference\n1,AWARD,1,2026-01-01,R\n", slug="points")
    for name in ("columns", "progress", "rejected"):
        address = reverse(f"admin:organizations_uploadedfile_{name}", args=[file.pk])
        assert (status(manager, "GET", address), status(administrator, "GET", address)) in {(403, 200), (403, 302)}
    assert manager.post(reverse("admin:organizations_uploadedfile_discard", args=[file.pk])).status_code == 403


def test_another_organization_sees_and_does_nothing(administrator: Client, stranger_admin: Client, till: Till) -> None:
    run, file = imported(administrator), checked(administrator)
    assert shown(stranger_admin.get(list_of("organizations_uploadedfile"))) == []
    assert shown(stranger_admin.get(list_of("organizations_importrun"))) == []
    of_rows = {name: status for name, status in statuses(stranger_admin, file, run).items() if " of a " in name}
    # Led to the start page, as for rows that are not there.
    assert set(of_rows.values()) == {302}
    file.refresh_from_db()
    run.refresh_from_db()
    assert (file.state, run.undone_at, run.stop_requested_at) == ("CHECKED", None, None)
    page = stranger_admin.get(reverse("admin:organizations_importrun_new_import")).content.decode()
    assert "members.csv" not in page


def test_an_operator_chooses_the_organization(operator: Client, organization: Organization, till: Till) -> None:
    new = reverse("admin:organizations_importrun_new_import")
    assert "For which organization?" in operator.get(new).content.decode()
    upload = upload_address() + "&organization=northwind"
    assert "For which organization?" in operator.get(upload_address()).content.decode()
    page = operator.get(upload)
    assert "organization=northwind" in page.context["address"]
    answer = operator.post(upload, {"file": io.BytesIO(CUSTOMERS.encode())})
    assert answer.status_code == 302
    assert UploadedFile.objects.get().organization == organization


@pytest.mark.parametrize("count", [1, 3])
def test_lists_and_pages_cost_a_fixed_number_of_queries(
    administrator: Client, till: Till, django_assert_num_queries, count: int
) -> None:
    for number in range(count):
        run = imported(administrator, CUSTOMERS.replace("98123001", f"9812{number}001"))
        file = checked(administrator, CUSTOMERS.replace("98123001", f"9813{number}001"))
    of_file, of_run = "admin:organizations_uploadedfile_", "admin:organizations_importrun_"
    for address, queries in {
        list_of("organizations_importrun"): 6,
        list_of("organizations_uploadedfile"): 6,
        reverse(f"{of_run}new_import"): 5,
        reverse(f"{of_run}change", args=[run.pk]): 5,
        reverse(f"{of_run}progress", args=[run.pk]): 5,
        reverse(f"{of_file}change", args=[file.pk]): 5,
        reverse(f"{of_file}progress", args=[file.pk]): 5,
        reverse(f"{of_file}columns", args=[file.pk]): 7,
    }.items():
        # Content types are read once a process.
        administrator.get(address)
        with django_assert_num_queries(queries):
            assert administrator.get(address).status_code == 200


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("members.csv", CUSTOMERS)
    return archive.getvalue()


NASTY = {
    b"": "The file is empty",
    b"\x00" * 5000: "UTF-16",
    bytes(range(256)) * 20: "cannot be read",
    b"mobile,na\x00me\n1,2\n": "NUL",
    b"mobile,\xff\n1,2\n": "UTF-8",
    CUSTOMERS.encode("utf-16"): "UTF-16",
    CUSTOMERS.replace(",", ";").encode(): "separated by semicolons",
    b"sep=;\na;b\n": "sep=",
    CUSTOMERS.replace("\n", "\r").encode(): "CR alone",
    b",,,\n1,2,3,4\n": "no column names",
    ",".join(f"c{number}" for number in range(2000)).encode() + b"\n": "2,000 columns",
    b"mobile," + b"x" * 1_000_000 + b"\n1,2\n": "at most",
    b"mobile," + b"x" * 1_000 + b"\n1,2\n": "more than 100 characters",
    zipped(): "zip archive",
    gzip.compress(CUSTOMERS.encode())[:-9]: "damaged",
    b"Members of 2026\n\nmobile,email\n9812300101,a@example.com\n": "below a title",
}


@pytest.mark.parametrize("content", NASTY, ids=NASTY.values())
def test_what_is_not_a_file_of_ours_is_refused_in_a_sentence(administrator: Client, content: bytes) -> None:
    answer = send(administrator, content)
    assert (answer.status_code, NASTY[content] in refusal(answer)) == (200, True), refusal(answer)
    assert not UploadedFile.objects.exists()
    assert list(incoming_folder().iterdir()) == []


def test_a_cell_of_a_megabyte_costs_its_row(administrator: Client, till: Till) -> None:
    file = checked(administrator, f"mobile,firstname\n9812300101,{'x' * 1_000_000}\n9812300102,Bina\n")
    assert (file.created, file.rejected) == (1, 1)


MALFORMED = {
    "an unclosed quote": b'12,"open\n' + b"".join(b"%d,%s\n" % (number, b"x" * 200) for number in range(1000)),
    "quotes within cells": b'12,"open\n13,"a""b\n14,x"y"z\n15,"q\n' * 5,
    "a stray carriage return": b'12,"a\rb"\n13,c\rd\n',
    "a NUL": b"12,a\x00b\n13,c\n",
    "another encoding": "12,\xe4\n".encode("latin-1") + b'13,"\xed\xa0\x80\n',
    "long lines": b"12,%s\n13,%s\n14,%s\n" % (b"x" * 130_000, b"y" * 131_060, b"z" * 200_000),
    "numbers for lines": b'12,"a\n' + b"9" * 5_000 + b",9,9,9\n",
}


@pytest.mark.parametrize("rows", MALFORMED.values(), ids=MALFORMED)
def test_malformed_rows_are_shown_and_refused_by_all_pages(administrator: Client, till: Till, rows: bytes) -> None:
    file = checked(administrator, b"mobile,firstname\n" + rows)
    assert file.rejected == rows.count(b"\n")
    shown_rows = administrator.get(reverse("admin:organizations_uploadedfile_change", args=[file.pk])).context["rejects"].rows
    assert 0 < len(shown_rows) <= 15
    assert administrator.get(reverse("admin:organizations_uploadedfile_columns", args=[file.pk])).status_code == 200
    run = started(administrator, file)
    import_file(file.pk, organization=file.organization)
    page = administrator.get(reverse("admin:organizations_importrun_change", args=[run.pk]))
    run.refresh_from_db()
    assert (page.status_code, run.rejected) == (200, file.rejected)


def test_a_file_without_a_header_is_recognized_as_such(administrator: Client) -> None:
    file = uploaded(administrator, "9812300101,Asha\n9812300102,Bina\n")
    page = administrator.get(reverse("admin:organizations_uploadedfile_columns", args=[file.pk])).content.decode()
    assert "None of the columns was recognized" in page


def test_a_bomb_is_unpacked_no_further_than_the_limit(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_UNPACKED_BYTES", 3 << 20)
    answer = send(administrator, gzip.compress(b"mobile\n" + b"9812300101\n" * 1_000_000), name="bomb.csv.gz")
    assert "unpacks to more than 3 MB" in refusal(answer)
    assert list(incoming_folder().iterdir()) == []


def test_a_larger_file_is_refused_and_not_kept(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_handler, "MAX_FILE_BYTES", 100_000)
    assert "larger than 50 MB" in refusal(send(administrator, CUSTOMERS + "x" * 200_000))
    # The announced length alone refuses it.
    monkeypatch.setattr(upload_handler, "MAX_UPLOAD_BYTES", 100)
    assert "larger than 50 MB" in refusal(send(administrator))
    assert list(incoming_folder().iterdir()) == []
    assert not UploadedFile.objects.exists()


@pytest.mark.parametrize("ticket", ["", "upload:x:y", "x" * 5000])
def test_a_form_without_a_ticket_keeps_no_file(administrator: Client, ticket: str) -> None:
    answer = administrator.post(upload_address(ticket=ticket), {"file": io.BytesIO(CUSTOMERS.encode())})
    assert "open for too long" in refusal(answer)
    assert list(incoming_folder().parent.rglob("*.part")) == []


def test_nobody_else_can_leave_files(client: Client, administrator: Client) -> None:
    client.post(upload_address(), {"file": io.BytesIO(CUSTOMERS.encode())})
    assert not UploadedFile.objects.exists()
    assert list(incoming_folder().iterdir()) == []


def test_a_body_that_is_no_form_is_refused(administrator: Client) -> None:
    for kind, body in (
        ("text/csv", CUSTOMERS),
        ("multipart/form-data; boundary=x", "--x\r\nbroken"),
        ("multipart/form-data", ""),
    ):
        answer = administrator.generic("POST", upload_address(), body, content_type=kind)
        assert answer.status_code in {200, 400}


@pytest.mark.parametrize("slug", ["unknown", "customers-", "..", "import_customers"])
def test_unknown_kinds_are_not_found(administrator: Client, slug: str) -> None:
    assert administrator.get(f"/admin/organizations/importrun/new/{slug}/").status_code in {302, 404}
    assert administrator.get(f"/admin/organizations/importrun/new/{slug}/sample.csv").status_code in {302, 404}


def test_names_of_files_are_readable(administrator: Client) -> None:
    assert uploaded(administrator, name="mem\u202ebers\x07 \u0301.csv").filename == "members \u0301.csv"
    assert len(uploaded(administrator, name="x" * 400 + ".csv").filename) <= 250


@pytest.mark.parametrize("slug", sorted(import_kinds()))
def test_each_kind_has_a_sample_that_it_reads(administrator: Client, organization: Organization, till: Till, slug: str) -> None:
    kind = import_kinds()[slug]
    with organization_scope(organization):
        expected = columns_of(kind, command_actor("test", organization))
    assert administrator.get(reverse("admin:organizations_importrun_sample", args=[slug])).content.decode() == sample_file(
        expected
    )
    file = checked(administrator, sample_file(expected), slug=slug, name=f"sample-{slug}.csv")
    assert file.mapped == file.columns
    # Codes that only the organization knows are blank: their rows are refused, but never as unreadable.
    assert (file.state, file.created + file.rejected + file.unchanged) == ("CHECKED", 2)


def test_tickets_are_signed_and_run_out(settings: Settings) -> None:
    ticket = upload_tickets.make_ticket()
    assert upload_tickets.has_ticket(f"ticket={ticket}&organization=northwind")
    assert not upload_tickets.has_ticket(f"ticket={ticket}x")
    assert not upload_tickets.has_ticket(f"organization=x&ticket={ticket}")
    settings.SESSION_COOKIE_AGE = -1
    assert not upload_tickets.has_ticket(f"ticket={ticket}")
