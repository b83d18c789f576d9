"""Import runs in the back office: to look at."""

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
