"""Notes in customer/get (docs/protocol.md 4.5)."""

import pytest

from engagement.notes import sections
from engagement.notes.sections import notes_of_profile
from tests.api import Api
from tests.engagement.shops import Shops
from tests.factories.bills import at
from tests.factories.notes import NoteFactory
from tests.reads import read_parts

pytestmark = pytest.mark.django_db


def test_get_lists_the_notes(api: Api, shops: Shops) -> None:
    asha = shops.customer()
    assert api.get(f"id={asha.pk}").item["notes"] == []
    note = NoteFactory(customer=asha, noted_at=at("2026-03-01 09:00:00"))
    row = {"id": str(note.pk), "description": note.description, "added_on": "2026-03-01 09:00:00"}
    assert api.get(f"id={asha.pk}").item["notes"] == [row]
    assert api.get(f"id={asha.pk}&basic=true").item["notes"] == []
    tree = api.get(f"id={asha.pk}&format=xml").xml
    assert [element.findtext("id") for element in tree.iterfind(".//notes/note")] == [str(note.pk)]


def test_each_customer_has_their_own_notes(shops: Shops) -> None:
    people = [shops.customer(f"91981234567{number}") for number in range(3)]
    for customer in people[:2]:
        NoteFactory(customer=customer, description=f"of {customer.pk}")
    parts = read_parts([notes_of_profile], *people)
    assert [[note["description"] for note in parts[customer.pk][sections.NOTES]] for customer in people] == [
        [f"of {people[0].pk}"], [f"of {people[1].pk}"], [],
    ]  # fmt: skip
