"""Changes by the loader, by a form of the back office and by plain SQL: the next call works by them.

A process learns of them by the version in its caller's row alone: neither the loader nor a form touches what a process keeps.
"""

from copy import deepcopy
from typing import Any

import pytest
from django.db import connection

from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.back_office import filled_form, log_in, page_of
from tests.factories.locations import TillFactory
from tests.factories.organization_files import check
from tests.factories.program_files import club, document, loaded
from tests.factories.staff import StaffMemberFactory
from use_cases.organization_file import load_organization

pytestmark = pytest.mark.django_db
TILL = "blr.till1"


@pytest.fixture
def northwind() -> Organization:
    return loaded(club())


@pytest.fixture
def api(northwind: Organization) -> Api:
    """A till whose process has the configuration in memory."""
    with organization_scope(northwind):
        till: Till = TillFactory(store=Store.objects.get(code="blr"), code=TILL)
    api = Api(till)
    assert limit_of(api) == 6000
    return api


def limit_of(api: Api) -> int:
    """The calls a minute that the policy allows, as an answer's headers say."""
    return int(api.get("mobile=9812345678").http.headers["X-RateLimit-Limit"])


def changed_file(limit: int) -> dict[str, Any]:
    """The organization file with this limit of calls."""
    file = deepcopy(document(club()))
    file["settings"] = {"RATE_LIMIT_PER_MINUTE": limit}
    file["stores"][0]["tills"] = [{"code": TILL, "name": "Till 1"}]
    return file


def test_a_call_after_a_load_works_by_the_loaded_file(api: Api) -> None:
    load_organization(check(changed_file(700)), dry_run=False)
    assert limit_of(api) == 700


def test_a_call_after_a_dry_run_works_as_before(api: Api) -> None:
    load_organization(check(changed_file(700)), dry_run=True)
    assert limit_of(api) == 6000


def test_a_call_after_a_form_was_saved_works_by_what_it_says(api: Api, northwind: Organization) -> None:
    administrator = log_in(StaffMemberFactory(organization=northwind, role="org_admin"))
    page = page_of("organizations_organization", northwind)
    form = filled_form(administrator, page, RATE_LIMIT_PER_MINUTE="800")
    assert administrator.post(page, form).status_code == 302
    assert limit_of(api) == 800


def test_a_call_after_plain_sql_works_by_the_changed_row(api: Api, northwind: Organization) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE organizations_organization SET flags = '{"RATE_LIMIT_PER_MINUTE": 900}' WHERE id = %s""", [northwind.pk]
        )
    assert limit_of(api) == 900
