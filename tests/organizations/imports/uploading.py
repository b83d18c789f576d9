"""Uploads as a browser sends them, and the jobs that a worker would do."""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from loyalty_project.upload_tickets import make_ticket
from organizations.imports.checking import check_file
from organizations.imports.models import ImportRun, UploadedFile
from organizations.imports.running import import_file

CUSTOMERS = "Phone,First name,Shoe\n9812300101,Asha,40\n9812300102,Bina,41\n12,Chandra,42\n"


def upload_address(slug: str = "customers", *, ticket: str | None = None) -> str:
    """The address to which the form of a kind is sent."""
    address = reverse("admin:organizations_importrun_upload", args=[slug])
    return f"{address}?ticket={make_ticket() if ticket is None else ticket}"


def send(
    client: Client, content: bytes | str = CUSTOMERS, *, slug: str = "customers", name: str = "members.csv", **more: Any
) -> HttpResponse:
    """Upload a file."""
    content = content.encode() if isinstance(content, str) else content
    data = {"file": SimpleUploadedFile(name, content), **more}
    return client.post(upload_address(slug), data)


def uploaded(client: Client, content: bytes | str = CUSTOMERS, **options: Any) -> UploadedFile:
    """A file that was uploaded."""
    answer = send(client, content, **options)
    assert answer.status_code == 302, refusal(answer)
    return UploadedFile.objects.latest("pk")


def refusal(answer: HttpResponse) -> str:
    """The sentences of the form that refused."""
    form = answer.context["form"]  # type: ignore[attr-defined]  # test clients add it
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def choose(client: Client, file: UploadedFile, **changes: str) -> HttpResponse:
    """Choose the columns that were guessed, with these changes."""
    address = reverse("admin:organizations_uploadedfile_columns", args=[file.pk])
    chosen = {f"column_{index}": column for index, column in enumerate(file.mapped)}
    return client.post(address, {**chosen, "on_existing": "update", **changes})


def checked(
    client: Client, content: bytes | str = CUSTOMERS, *, changes: Mapping[str, str] = {}, **options: Any
) -> UploadedFile:
    """A file that a worker has checked."""
    file = uploaded(client, content, **options)
    answer = choose(client, file, **changes)
    assert answer.status_code == 302, refusal(answer)
    check_file(file.pk, organization=file.organization)
    file.refresh_from_db()
    return file


def started(client: Client, file: UploadedFile) -> ImportRun:
    """The run of a file that was checked; the worker has not begun."""
    answer = client.post(reverse("admin:organizations_uploadedfile_start", args=[file.pk]))
    assert answer.status_code == 302
    file.refresh_from_db()
    assert file.run is not None
    return file.run


def imported(client: Client, content: bytes | str = CUSTOMERS, **options: Any) -> ImportRun:
    """The finished run of a file."""
    file = checked(client, content, **options)
    run = started(client, file)
    import_file(file.pk, organization=file.organization)
    run.refresh_from_db()
    return run


def counts(row: ImportRun | UploadedFile) -> tuple[int, int, int, int]:
    """New, changed, unchanged, refused."""
    return row.created, row.updated, row.unchanged, row.rejected


def file_of(answer: HttpResponse) -> str:
    """The file that was downloaded, closed as a server does, but without the end of the request."""
    content: str = answer.getvalue().decode()  # type: ignore[attr-defined]  # of a streaming answer
    for close in answer._resource_closers:
        close()
    return content
