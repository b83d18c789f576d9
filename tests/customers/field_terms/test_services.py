"""Terms of searchable fields: kept by writers, indexed and removed by the worker."""

import time
from threading import Event

import pytest
from django.db import connection, transaction

from customers.field_terms import services as field_terms
from customers.field_terms.models import FieldTerm, IndexedField
from customers.field_terms.services import align_fields
from customers.profile.models import Customer
from customers.profile.text import FOLDED_LENGTH
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope
from tests.api import Api, fields
from tests.back_office import register
from tests.factories.fields import FieldFactory
from tests.jobs import committed_till
from tests.races import race


@pytest.fixture
def committed(transactional_db):
    """A till of an organization with fields, in whose scope the test runs; everything is committed."""
    till = committed_till()
    with organization_scope(till.organization_id):
        FieldFactory(organization=till.organization, name="town", is_searchable=True)
        FieldFactory(
            organization=till.organization,
            name="Hobbies",
            type="multi",
            options=["Tea", "Coffee"],
            is_searchable=True,
            category="extended",
        )
        FieldFactory(organization=till.organization, name="color")
        yield till


def terms() -> list[tuple[int, str, str]]:
    return list(
        FieldTerm.objects.order_by("customer", "field__name", "folded").values_list("customer", "field__name", "folded")
    )


def wanted() -> list[tuple[int, str, str]]:
    """The terms that follow from the customers' own rows."""
    definitions = FieldDefinition.objects.filter(indexed__isnull=False)
    terms = [
        (customer.pk, definition.name, folded)
        for customer in Customer.objects.all()
        for definition in definitions
        for folded in customer.field_values_folded.get(str(definition.pk), [])
    ]
    return sorted(terms)


def test_a_field_is_indexed_while_it_is_searchable(committed: Till, monkeypatch) -> None:
    monkeypatch.setattr(field_terms, "_BATCH", 2)
    people = [
        register(committed, mobile=f"981230000{n}", custom_fields=fields(town=f"Town {n}", color="Red"),
                 extended_fields=fields(Hobbies="tea,coffee")).pk
        for n in range(5)
    ]  # fmt: skip
    assert terms() == []
    assert align_fields(committed.organization) == ["custom field town: indexed", "extended field Hobbies: indexed"]
    assert terms() == wanted()
    assert terms()[:3] == [(people[0], "Hobbies", "coffee"), (people[0], "Hobbies", "tea"), (people[0], "town", "town 0")]
    assert align_fields(committed.organization) == []
    FieldDefinition.objects.filter(name="town").update(is_searchable=False)
    assert align_fields(committed.organization) == ["custom field town: no longer indexed"]
    assert {name for _, name, _ in terms()} == {"Hobbies"}
    assert IndexedField.objects.get().is_complete


def test_terms_follow_the_answers(committed: Till) -> None:
    align_fields(committed.organization)
    api = Api(committed)
    pk = api.add(mobile="9812300001", custom_fields=fields(town="Pune"), extended_fields=fields(Hobbies="Tea")).item["user_id"]
    assert terms() == [(pk, "Hobbies", "tea"), (pk, "town", "pune")]
    api.update(mobile="9812300001", extended_fields=fields(Hobbies="Coffee"), firstname="Asha")
    api.update(mobile="9812300001", custom_fields=fields(town="PUNE"))
    assert terms() == [(pk, "Hobbies", "coffee"), (pk, "town", "pune")] == wanted()
    kept = set(FieldTerm.objects.values_list("pk", flat=True))
    api.update(mobile="9812300001", custom_fields=fields(color="Blue"))
    assert set(FieldTerm.objects.values_list("pk", flat=True)) == kept
    api.update(mobile="9812300001", custom_fields=fields(town="ß" * 2000))
    assert FieldTerm.objects.get(field__name="town").folded == "s" * FOLDED_LENGTH


def test_answers_of_a_batch_are_kept_at_once(committed: Till, django_assert_num_queries) -> None:
    align_fields(committed.organization)
    ids = [register(committed, mobile=f"98123000{n:02}", custom_fields=fields(town="Pune")).pk for n in range(3)]
    with transaction.atomic():
        for count in (1, 3):
            with django_assert_num_queries(1):
                field_terms.keep_terms(ids[:count], organization_id=committed.organization_id)
        with django_assert_num_queries(0):
            field_terms.keep_terms([], organization_id=committed.organization_id)
    assert terms() == wanted()


def test_another_organizations_terms_are_left_alone(committed: Till) -> None:
    register(committed, mobile="9812300001", custom_fields=fields(town="Pune"))
    other = committed_till("bazaar")
    with organization_scope(other.organization_id):
        FieldFactory(organization=other.organization, name="town", is_searchable=True)
        register(other, mobile="9812300001", custom_fields=fields(town="Delhi"))
        align_fields(other.organization)
    align_fields(committed.organization)
    with organization_scope(other.organization_id):
        assert [folded for *_, folded in terms()] == ["delhi"]
    assert [folded for *_, folded in terms()] == ["pune"]


def test_answers_written_during_indexing_are_indexed(committed: Till) -> None:
    """A writer who saw no index writes on after the worker began: the worker waits for them."""
    is_written = Event()

    def work(side: str) -> None:
        with organization_scope(committed.organization_id):
            if side == "write":
                with transaction.atomic():
                    register(committed, mobile="9812300001", custom_fields=fields(town="Pune"))
                    is_written.set()
                    # The worker has indexed the field by now, and waits.
                    while not IndexedField.objects.exists():
                        time.sleep(0.01)
            else:
                is_written.wait(timeout=60)
                align_fields(committed.organization)

    race([["write"], ["align"]], work)
    assert [(name, folded) for _, name, folded in terms()] == [("town", "pune")]


def test_a_long_transaction_postpones_the_indexing_of_a_field(committed: Till, monkeypatch) -> None:
    monkeypatch.setattr(field_terms, "_PATIENCE", 0.1)
    register(committed, mobile="9812300001", custom_fields=fields(town="Pune"))

    def align(_: int) -> list[str]:
        with organization_scope(committed.organization_id):
            return align_fields(committed.organization)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
        results = race([[1]], align)
        assert results[0][0] == "custom field town: not indexed yet, another transaction goes on for too long"
        assert not IndexedField.objects.filter(is_complete=True).exists()
    # Transactions in other databases of the server are waited for too.
    monkeypatch.undo()
    assert align(1)[0] == "custom field town: indexed"
    assert terms() == wanted()


def test_only_one_worker_aligns_an_organization_at_a_time(committed: Till) -> None:
    def align(_: int) -> list[str]:
        with organization_scope(committed.organization_id):
            return align_fields(committed.organization)

    lines = [line for lines in race([[1], [1]], align) for line in lines]
    assert sorted(lines) == ["custom field town: indexed", "extended field Hobbies: indexed"]
