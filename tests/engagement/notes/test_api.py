"""customer/notes (docs/protocol.md 4.8)."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.notes.models import Note
from organizations.audit.models import AuditEntry
from tests.api import Answer, Api
from tests.engagement.shops import Shops
from tests.factories.bills import at
from tests.factories.consents import without_table
from tests.factories.customers import CustomerFactory
from tests.factories.locations import till_actor
from tests.factories.notes import NoteFactory
from tests.reads import SURE_READ_STATEMENTS
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
MOBILE = "919812345678"
ADDED = "Customer note added successfully"


@pytest.fixture
def asha(shops: Shops) -> Customer:
    return shops.customer(MOBILE, firstname="Asha", lastname="Rao")


def write(api: Api, *notes: Any, key: str = "", **item: Any) -> Answer:
    sent = {"notes": {"note": list(notes)}, **(item or {"mobile": MOBILE})}
    headers = {"Idempotency-Key": key} if key else {}
    return api.call("POST", "notes", "", {"root": {"customer": [sent]}}, **headers)


def read(api: Api, query: str = "", who: str = f"mobile={MOBILE}") -> Answer:
    return api.call("GET", "notes", f"{who}&{query}")


def code(answer: Answer) -> str:
    item: str = answer.customer["item_status"]["code"]
    return item


def warnings(answer: Answer) -> list[str]:
    listed: list[str] = answer.customer["item_status"]["warnings"]["warning"]
    return listed


def texts(answer: Answer) -> list[str]:
    return [note["description"] for note in answer.customer["notes"]["note"]]


def test_notes_are_added_in_the_order_of_the_call(api: Api, asha: Customer) -> None:
    answer = write(api, {"description": " Likes tea ", "date": "2026-01-05 10:00:00"}, {"description": "Has\na dog"})
    assert answer.status == {"success": "true", "code": 200, "message": "Operation Successful"}
    first, second = Note.objects.order_by("pk")
    assert answer.customer == {
        "user_id": str(asha.pk), "firstname": "Asha", "lastname": "Rao", "mobile": MOBILE, "email": None, "external_id": None,
        "notes": {
            "note": [
                {"id": str(first.pk), "date": "2026-01-05 10:00:00", "description": "Likes tea"},
                {"id": str(second.pk), "date": answer.customer["notes"]["note"][1]["date"], "description": "Has\na dog"},
            ]
        },
        "item_status": {"success": "true", "code": "1000", "message": ADDED, "warnings": {"warning": []}},
    }  # fmt: skip
    assert (first.noted_at, first.made_by, first.associate_id) == (at("2026-01-05 10:00:00"), "till:blr.till1", "")
    assert second.noted_at == second.recorded_at
    entry = AuditEntry.objects.filter(object_type="note").earliest("pk")
    assert (entry.action, entry.object_type, entry.object_id, entry.new["customer"]) == ("added", "note", first.pk, asha.pk)


def test_a_note_is_changed_by_its_id(api: Api, asha: Customer) -> None:
    note = NoteFactory(customer=asha)
    before = note.description
    answer = write(api, {"id": note.pk, "description": "Likes coffee"}, mobile=MOBILE, associate_id="7")
    assert answer.status == {"success": "true", "code": 200, "message": "Success", "total": "1", "success_count": "1"}
    assert answer.customer["item_status"]["message"] == "Customer note updated successfully"
    assert answer.customer["associate_id"] == "7"
    note.refresh_from_db()
    assert (note.description, note.associate_id, note.noted_at) == ("Likes coffee", "7", at("2026-01-05 10:00:00"))
    entry = AuditEntry.objects.get(object_type="note")
    assert (entry.action, entry.old["description"], entry.new) == (
        "changed", before, {"description": "Likes coffee", "associate_id": "7"},
    )  # fmt: skip
    write(api, {"id": note.pk, "description": "Likes coffee"})
    assert AuditEntry.objects.filter(object_type="note").count() == 1


def test_one_call_adds_and_changes(api: Api, asha: Customer) -> None:
    note = NoteFactory(customer=asha)
    answer = write(api, {"id": note.pk, "description": "after"}, {"description": "new"})
    assert answer.customer["item_status"]["message"] == "Customer note added/updated successfully"
    assert (texts(answer), answer.status["total"]) == (["after", "new"], "1")


@pytest.mark.parametrize(
    "bad",
    [
        {"description": " \u200b"},
        {"description": "x" * 256},
        {"description": {"text": "x"}},
        {"description": "x", "date": "noon"},
        {"description": "x", "id": "999999999"},
        {"description": "x", "id": "seven"},
        {"description": "x", "id": "9" * 40},
    ],
)
def test_a_bad_note_is_1036_beside_a_good_one_and_1037_alone(api: Api, asha: Customer, bad: dict[str, Any]) -> None:
    answer = write(api, bad, {"description": "x" * 255})
    assert (code(answer), warnings(answer)) == ("1000", ["1036"])
    sentence = "One or more notes could not be added or updated for the customer"
    assert answer.customer["item_status"]["message"] == f"{ADDED}, {sentence}"
    assert [note["id"] == "-1" for note in answer.customer["notes"]["note"]] == [True, False]
    alone = write(api, bad)
    assert (alone.status["code"], code(alone), Note.objects.count()) == (500, "1037", 1)
    assert alone.customer == {"mobile": MOBILE, "item_status": alone.customer["item_status"]}


def test_a_call_without_notes_is_1037(api: Api, asha: Customer) -> None:
    assert code(write(api)) == "1037"
    assert code(write(api, "just text")) == "1037"


def test_the_note_of_another_customer_is_not_changed(api: Api, asha: Customer) -> None:
    note = NoteFactory(customer=CustomerFactory(organization=asha.organization))
    assert code(write(api, {"id": note.pk, "description": "stolen"})) == "1037"
    note.refresh_from_db()
    assert note.description != "stolen"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"mobile": "919812345679"}, "1012"),
        ({"id": "999999999"}, "1011"),
        ({"user_id": "x7"}, "400"),
        ({"mobile": "12ab"}, "1042"),
        ({"mobile": " "}, "1015"),
        ({"name": "Asha"}, "1015"),
        ({"mobile": MOBILE, "associate_id": "7" * 101}, "400"),
    ],
)
def test_refused_items_add_nothing(api: Api, asha: Customer, item: dict[str, Any], expected: str) -> None:
    answer = write(api, {"description": "x"}, **item)
    assert (answer.http.status_code, answer.status["code"], code(answer)) == (200, 500, expected)
    assert not Note.objects.exists()


def test_more_than_a_hundred_notes_in_a_call_are_400(api: Api, asha: Customer) -> None:
    assert code(write(api, *[{"id": "1", "description": "x"}] * 101)) == "400"


def test_notes_are_no_batch(api: Api, asha: Customer) -> None:
    item = {"mobile": MOBILE, "notes": {"note": [{"description": "x"}]}}
    answer = api.call("POST", "notes", "", {"root": {"customer": [item, item]}})
    assert (answer.http.status_code, answer.status["code"]) == (400, 1060)
    assert read(api, who=f"mobile={MOBILE},{MOBILE}").status["code"] == 1060
    assert read(api, who="x=1").status["code"] == 400


def test_customers_of_others_are_unknown(bazaar_api: Api, asha: Customer) -> None:
    assert code(write(bazaar_api, {"description": "x"}, id=asha.pk)) == "1011"
    assert code(read(bazaar_api, who=f"id={asha.pk}")) == "1011"


def test_a_key_keeps_a_note_from_being_added_twice(api: Api, asha: Customer) -> None:
    first, again = (write(api, {"description": "once"}, {"description": ""}, key="k1") for _ in range(2))
    assert again.is_replayed
    assert (again.response, Note.objects.count()) == (first.response, 1)


def test_notes_that_cannot_be_stored_are_1037_and_a_retry_adds_them(api: Api, asha: Customer) -> None:
    assert code(write(api, {"description": "before"})) == "1000"
    with without_table("organizations_auditentry"):
        assert code(write(api, {"description": "x"}, key="k1")) == "1037"
    assert texts(read(api)) == ["before"]
    assert code(write(api, {"description": "x"}, key="k1")) == "1000"
    assert texts(read(api)) == ["x", "before"]


def test_notes_of_a_merged_customer_are_the_survivors(api: Api, shops: Shops, asha: Customer) -> None:
    survivor = shops.customer("919812345679", firstname="Anna")
    note = NoteFactory(customer=asha)
    merge_customers(survivor=survivor.pk, victim=asha.pk, by=till_actor(shops.blr))
    answer = write(api, {"id": note.pk, "description": "still hers"})
    assert (warnings(answer), answer.customer["user_id"]) == (["91009"], str(survivor.pk))
    listed = read(api)
    assert (warnings(listed), texts(listed), listed.customer["firstname"]) == (["91009"], ["still hers"], "Anna")


def test_notes_are_read_the_newest_first(api: Api, asha: Customer) -> None:
    note = NoteFactory(customer=asha)
    NoteFactory(customer=asha, description="older", noted_at=at("2025-01-01 00:00:00"))
    answer = read(api)
    assert answer.status == {"success": "true", "code": 200, "message": "Operation Successful"}
    assert list(answer.customer) == ["firstname", "lastname", "mobile", "email", "external_id", "notes", "item_status"]
    assert answer.customer["item_status"] == {
        "success": "true", "code": "1000", "message": "Customer note retrieved successfully", "warnings": {"warning": []},
    }  # fmt: skip
    first = {"id": str(note.pk), "description": note.description, "added_on": "2026-01-05 10:00:00"}
    assert answer.customer["notes"]["note"][0] == first
    assert texts(answer)[1:] == ["older"]
    assert read(api, "user_id=true").customer["user_id"] == str(asha.pk)


def test_notes_of_an_associate(api: Api, asha: Customer) -> None:
    NoteFactory(customer=asha)
    NoteFactory(customer=asha, description="by seven", associate_id="7")
    answer = read(api, "associate_id=7")
    assert (texts(answer), answer.customer["associate_id"]) == (["by seven"], "7")
    assert code(read(api, "associate_id=8")) == "1028"
    assert code(read(api, f"associate_id={'8' * 101}")) == "400"


def test_a_customer_without_notes_is_1028(api: Api, asha: Customer) -> None:
    answer = read(api)
    assert (answer.status["code"], code(answer)) == (500, "1028")
    assert answer.customer["mobile"] == MOBILE


@pytest.mark.parametrize(
    ("who", "expected"),
    [("mobile=919812345679", "1012"), ("id=999999999", "1011"), ("mobile=", "1015"), ("mobile=12ab", "1042"), ("id=x", "400")],
)
def test_reads_of_unknown_customers(api: Api, asha: Customer, who: str, expected: str) -> None:
    assert code(read(api, who=who)) == expected


def test_a_call_limited_to_its_store_does_not_see_others(api: Api, delhi_api: Api, shops: Shops) -> None:
    NoteFactory(customer=shops.customer(MOBILE, registered_store=shops.blr.store))
    assert code(read(api, "member_care_access=true")) == "1000"
    assert code(read(delhi_api, "member_care_access=true")) == "1044"


def test_notes_in_xml(api: Api, asha: Customer) -> None:
    notes = "<notes><note><description>a &lt;b&gt;</description></note></notes>"
    body = f"<root><customer><mobile>{MOBILE}</mobile>{notes}</customer></root>"
    api.call("POST", "notes", "", body, Content_Type="application/xml")
    tree = api.call("GET", "notes", f"mobile={MOBILE}&format=xml").xml
    assert [note.findtext("description") for note in tree.iterfind("customer/notes/note")] == ["a <b>"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_warm_read_costs_two_statements(
    api: Api, asha: Customer, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    NoteFactory.create_batch(count, customer=asha, associate_id="7")
    read(api, "associate_id=7")
    with django_assert_num_queries(SURE_READ_STATEMENTS):
        assert len(texts(read(api, "associate_id=7"))) == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_warm_write_costs_the_same_for_any_number(
    api: Api, asha: Customer, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    notes = NoteFactory.create_batch(count, customer=asha)
    sent = [*({"description": "new"} for _ in range(count)), *({"id": note.pk, "description": "x"} for note in notes)]
    write(api, {"description": "warm"})
    # The caller's row; a savepoint with its end; the customer, the lock, the notes; ids, all rows but the audit, the audit.
    with django_assert_num_queries(1 + 2 + 3 + 3):
        assert code(write(api, *sent)) == "1000"
