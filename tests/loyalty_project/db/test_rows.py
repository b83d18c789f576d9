"""Many rows at once: INSERT for a few, COPY for more, one UPDATE."""

import uuid
from decimal import Decimal

import pytest
from django.db import DataError, connection, models, transaction

from loyalty_project import clock
from loyalty_project.db.gathering import written_together
from loyalty_project.db.ids import draw_ids, give_ids
from loyalty_project.db.instances import new_instance
from loyalty_project.db.rows import COPY_FROM, insert_rows, insert_with_ids, update_rows
from organizations.audit.models import AuditEntry
from organizations.fields.models import FieldDefinition
from organizations.imports.models import ImportRun
from organizations.tenancy.models import Organization
from tests.factories.fields import FieldFactory


def fields(organization: Organization, count: int) -> list[FieldDefinition]:
    return [
        FieldDefinition(
            organization=organization, category="custom", name=f"Größe\t{n}\\N", options=["é", {"deep": [n, None]}], labels={}
        )
        for n in range(count)
    ]


def stored() -> list[tuple[object, ...]]:
    return list(FieldDefinition.objects.order_by("pk").values_list("name", "options", "labels", "max_length", "is_active"))


@pytest.mark.parametrize("count", [1, COPY_FROM - 1, COPY_FROM, COPY_FROM + 1])
def test_few_and_many_rows_are_stored_alike(organization, count):
    insert_rows(fields(organization, count))
    assert stored() == [(f"Größe\t{n}\\N", ["é", {"deep": [n, None]}], {}, None, True) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, COPY_FROM])
def test_inserted_rows_learn_their_ids(organization, count):
    rows = fields(organization, count)
    insert_with_ids(rows)
    assert [row.pk for row in rows] == list(FieldDefinition.objects.order_by("pk").values_list("pk", flat=True))


def test_drawn_ids_are_not_drawn_again(organization):
    ids = draw_ids(FieldDefinition, COPY_FROM)
    rows = fields(organization, COPY_FROM)
    for row, pk in zip(rows, ids, strict=True):
        row.pk = pk
    insert_rows(rows)
    assert sorted(FieldDefinition.objects.values_list("pk", flat=True)) == sorted(ids)
    assert FieldFactory(organization=organization, category="custom", name="next").pk > max(ids)
    assert draw_ids(FieldDefinition, 0) == []


def test_many_moments_keep_their_microseconds(organization):
    now = clock.now()
    insert_rows(
        [
            AuditEntry(organization=organization, at=now, source="API", actor="x", action="y", object_type="z", object_id=n)
            for n in range(COPY_FROM)
        ]
    )
    assert set(AuditEntry.objects.values_list("at", flat=True)) == {now}


class Odd(models.Model):
    """Columns that psycopg would not write as Django means them."""

    key = models.UUIDField(default=uuid.uuid4)
    amount = models.DecimalField(max_digits=6, decimal_places=2)

    class Meta:
        app_label = "tests"
        managed = False

    def __str__(self) -> str:
        return str(self.key)


@pytest.mark.parametrize("count", [1, COPY_FROM])
def test_other_columns_go_through_their_fields(db, count):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE tests_odd (id bigserial PRIMARY KEY, key uuid NOT NULL, amount numeric(6, 2) NOT NULL)")
    insert_rows([Odd(amount="1.50") for _ in range(count)])  # text, which the field makes a Decimal of
    assert set(Odd.objects.values_list("amount", flat=True)) == {Decimal("1.50")}


def test_nothing_is_nothing(organization):
    insert_rows([])
    update_rows([], ["name"])
    assert stored() == []


def test_changed_rows_are_written_in_one_statement(organization, django_assert_num_queries):
    runs = [
        ImportRun.objects.create(organization=organization, command="import_x", filename=f"{n}", started_at=clock.now())
        for n in range(3)
    ]
    for number, run in enumerate(runs):
        run.warnings, run.created, run.filename = {"91003": number}, number, "changed"
    with django_assert_num_queries(1):
        update_rows(runs, ["warnings", "created"])
    assert list(ImportRun.objects.order_by("pk").values_list("warnings", "created", "filename")) == [
        ({"91003": n}, n, f"{n}") for n in range(3)
    ]


def names() -> list[str]:
    return list(FieldDefinition.objects.order_by("pk").values_list("name", flat=True))


def field(organization: Organization, name: str) -> FieldDefinition:
    return new_instance(FieldDefinition, organization=organization, category="custom", name=name)


def test_a_new_instance_has_the_defaults_and_relations_of_its_model(organization):
    made, usual = field(organization, "a"), FieldDefinition(organization=organization, category="custom", name="a")
    assert made._state.adding
    assert made.organization is organization
    columns = [column.attname for column in FieldDefinition._meta.concrete_fields]
    assert [getattr(made, name) for name in columns] == [getattr(usual, name) for name in columns]
    assert made.options is not field(organization, "b").options


def test_rows_written_together_are_one_statement(organization, django_assert_num_queries):
    known = fields(organization, 2)
    insert_with_ids(known)
    with django_assert_num_queries(1), written_together():
        known[0].name = "changed"
        update_rows(known[:1], ["name"])
        insert_rows([AuditEntry(organization=organization, at=clock.now(), source="API", object_id=1)])
    assert (names(), AuditEntry.objects.count()) == (["changed", known[1].name], 1)


def test_a_table_is_written_again_by_a_statement_of_its_own(organization, django_assert_num_queries):
    """The name becomes free before it is taken: the parts of a statement have no order."""
    known = fields(organization, 1)
    insert_with_ids(known)
    name = known[0].name
    with django_assert_num_queries(2), written_together(in_order=True):
        known[0].name = "changed"
        update_rows(known, ["name"])
        insert_rows([field(organization, name)])
    assert names() == ["changed", name]


def test_a_context_inside_another_writes_a_table_at_once(organization, django_assert_num_queries):
    known = fields(organization, 1)
    insert_with_ids(known)
    with django_assert_num_queries(1), written_together(in_order=True), written_together():
        known[0].name = "changed"
        update_rows(known, ["name"])
        insert_rows([field(organization, "new")])
    assert names() == ["changed", "new"]


def test_a_statement_in_between_sees_the_rows_and_a_draw_does_not_look(organization, django_assert_num_queries):
    with django_assert_num_queries(3), written_together():
        insert_rows([field(organization, "first")])
        row = field(organization, "second")
        give_ids([row])
        insert_rows([row])
        assert sorted(names()) == ["first", "second"]


def test_a_row_that_is_written_twice_has_its_last_values(organization):
    row = field(organization, "first")
    give_ids([row])
    with written_together(in_order=True):
        insert_rows([row])
        row.name = "second"
        update_rows([row], ["name"])
        row.name = "third"
        update_rows([row], ["name"])
    assert names() == ["third"]


def insert_and_fail(organization: Organization) -> None:
    insert_rows([field(organization, "undone")])
    raise ValueError("no")


def test_a_savepoint_takes_along_what_was_gathered_in_it(organization):
    with written_together():
        insert_rows([field(organization, "kept")])
        with pytest.raises(ValueError, match="no"), transaction.atomic():
            insert_and_fail(organization)
        insert_rows([field(organization, "later")])
    assert names() == ["kept", "later"]


def test_an_exception_takes_along_what_was_gathered(organization):
    with pytest.raises(ValueError, match="no"), written_together():
        insert_and_fail(organization)
    assert names() == []
    assert connection.execute_wrappers == []


def test_text_that_is_too_long_is_an_error(organization):
    with pytest.raises(DataError), transaction.atomic():
        insert_rows([field(organization, "x" * 5000)])
