"""Import runs in the back office: to look at."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from organizations.imports.models import ImportRun
from organizations.tenancy.models import Organization
from tests.back_office import list_of, page_of, shown

RUNS = "organizations_importrun"


def test_runs_are_listed_and_opened_and_never_changed(administrator: Client, organization: Organization) -> None:
    now = timezone.now()
    done = ImportRun.objects.create(
        organization=organization,
        command="import_customers",
        filename="customers.csv",
        started_at=now,
        finished_at=now,
        created=7,
        warnings={"91003 Validation failed": 2},
        errors={"400 Input is invalid": [4, [2, 5, 9]]},
    )
    under_way = ImportRun.objects.create(
        organization=organization, command="import_customers", filename="more.csv", started_at=now
    )
    answer = administrator.get(list_of(RUNS))
    assert shown(answer) == [under_way, done]
    assert "unfinished" in answer.content.decode()
    page = administrator.get(page_of(RUNS, done)).content.decode()
    assert "91003 Validation failed (2 times)" in page
    assert "400 Input is invalid (4 times, lines 2, 5, 9, ...)" in page
    assert administrator.post(page_of(RUNS, done), {"filename": "x"}).status_code == 403
    assert administrator.get("/admin/organizations/importrun/add/").status_code == 403


def test_the_list_shows_imports_that_need_attention(administrator: Client, organization: Organization) -> None:
    now = timezone.now()

    def run(name: str, **columns: Any) -> ImportRun:
        columns = {"started_at": now - timedelta(days=9), **columns}
        return ImportRun.objects.create(organization=organization, command="import_x", filename=name, **columns)

    stopped = run("stopped")
    under_way = run("under way", started_at=now - timedelta(hours=2))
    rejected = run("rejected", finished_at=now - timedelta(days=6), rejected=3)
    run("rejected long ago", finished_at=now - timedelta(days=8), rejected=3)
    run("good", finished_at=now)
    assert shown(administrator.get(list_of(RUNS), {"state": "troubled"})) == [rejected, stopped]
    assert shown(administrator.get(list_of(RUNS), {"state": "unfinished"})) == [under_way, stopped]
