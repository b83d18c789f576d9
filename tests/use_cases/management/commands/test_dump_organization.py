import io

import pytest
from django.core.management import CommandError, call_command

from tests.factories.organization_files import load, whole
from use_cases.organization_file import SECTIONS, dump_organization

pytestmark = pytest.mark.django_db


def test_writes_the_file_and_nothing_else() -> None:
    organization = load(whole(), sections=SECTIONS).organization
    out = io.StringIO()
    call_command("dump_organization", "meridian", stdout=out)
    assert out.getvalue() == dump_organization(organization)
    assert "name: Meridian Club" in out.getvalue()


def test_an_unknown_code_ends_with_status_2() -> None:
    with pytest.raises(CommandError, match="there is no organization 'nobody'") as caught:
        call_command("dump_organization", "nobody")
    assert caught.value.returncode == 2
