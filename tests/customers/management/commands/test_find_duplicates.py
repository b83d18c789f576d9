"""The search for likely duplicates, as an operator runs it (docs/operating.md)."""

import io

import pytest
from django.core.management import CommandError, call_command

from customers.duplicates.models import DuplicateCandidate
from organizations.locations.models import Till
from tests.back_office import register

pytestmark = pytest.mark.django_db


def search() -> list[str]:
    out = io.StringIO()
    call_command("find_duplicates", "--organization", "northwind", stdout=out)
    return out.getvalue().splitlines()


def test_pairs_are_stored_with_their_evidence(till: Till) -> None:
    register(till, mobile="9812300001", email="anna.rao@example.com")
    register(till, mobile="9812300002", email="annarao@example.com")
    assert search() == [
        "same name and card number: 0",
        "same name, at the same source account: 0",
        "mobiles alike but for the country: 0",
        "e-mails alike but for dots or plus: 1",
        "new=1 known=0 gone=0 dismissed=0",
    ]
    assert DuplicateCandidate.objects.count() == 1
    assert search()[-1] == "new=0 known=1 gone=0 dismissed=0"


def test_large_groups_of_alike_values_are_reported(till: Till) -> None:
    for n in range(11):
        register(till, mobile=f"98123000{n:02}", email=f"info+{n}@example.com")
    assert "e-mails alike but for dots or plus: 0, and 1 times more than 10 at once" in search()


def test_an_unknown_organization_is_reported() -> None:
    with pytest.raises(CommandError, match="no organization nobody"):
        call_command("find_duplicates", "--organization", "nobody")
