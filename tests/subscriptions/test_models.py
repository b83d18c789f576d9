"""What does the database itself refuse?"""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from customers.profile.models import Customer
from organizations.locations.models import Till
from subscriptions.models import Consent, ConsentChange
from tests.factories.consents import ConsentChangeFactory, ConsentFactory, choice, say

pytestmark = pytest.mark.django_db


def test_the_log_is_never_changed_or_deleted(till: Till, asha: Customer) -> None:
    say(till, asha, choice())
    entry = ConsentChange.objects.get()
    for change in (entry.save, entry.delete):
        with pytest.raises(DatabaseError, match="subscriptions_consentchange is append-only"), transaction.atomic():
            change()
    assert ConsentChange.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({}, "consent_unique"),
        ({"channel": "FAX"}, "consent_pair_known"),
        ({"priority": "SOON"}, "consent_pair_known"),
        ({"scope": "ONE"}, "consent_pair_known"),
    ],
)
def test_there_is_one_consent_of_known_words_for_a_pair(
    till: Till, asha: Customer, values: dict[str, Any], constraint: str
) -> None:
    say(till, asha, choice())
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ConsentFactory(customer=asha, **values)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({}, "consentchange_unique"),
        ({"channel": "FAX"}, "consentchange_pair_known"),
        ({"revision": 2}, "consentchange_changes_something"),
        ({"priority": "TRANS", "old": False}, "consentchange_changes_something"),
        ({"revision": 2, "old": True}, "consentchange_changes_something"),
    ],
)
def test_the_log_counts_changes_and_nothing_else(till: Till, asha: Customer, values: dict[str, Any], constraint: str) -> None:
    say(till, asha, choice())
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ConsentChangeFactory(customer=asha, **values)


def test_rows_have_readable_texts(till: Till, asha: Customer) -> None:
    say(till, asha, choice("EMAIL", "TRANS", yes=False))
    assert str(Consent.objects.get()) == "E-mail, transactional"
    assert str(ConsentChange.objects.get()) == "E-mail, transactional: no"
