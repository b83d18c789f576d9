"""Keeping the terms of searchable fields.

A service that writes answers calls `keep_terms` in the same transaction. Only the database knows which fields are indexed
(`IndexedField`), so that no writer decides by outdated configuration. A worker aligns the index with the configuration
(`align_fields`); until then searches read the customers' rows.
"""

import time
from collections.abc import Collection, Iterator
from typing import Final

from django.db import connection, transaction

from customers.field_terms.models import FieldTerm, IndexedField
from customers.profile.models import Customer
from loyalty_project.db.locks import hold_name, lock
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization

# Categories of fields that searches may name.
SEARCHED: Final = (FieldDefinition.Category.CUSTOM, FieldDefinition.Category.EXTENDED)
_BATCH: Final = 1000
_PATIENCE: Final = 30.0
_PAUSE: Final = 0.05
# Terms that are still right are not written, so that unchanged answers cost no write.
_KEEP: Final = """
WITH wanted AS MATERIALIZED (
    SELECT customer.organization_id, indexed.field_id, customer.id AS customer_id, answer.folded, answer.position
    FROM customers_customer AS customer
    JOIN customers_indexedfield AS indexed ON indexed.organization_id = customer.organization_id
    CROSS JOIN jsonb_array_elements_text(customer.field_values_folded -> indexed.field_id::text)
        WITH ORDINALITY AS answer (folded, position)
    WHERE customer.id = ANY(%(customers)s::bigint[])
), gone AS (
    DELETE FROM customers_fieldterm AS term
    WHERE term.organization_id = %(organization)s AND term.customer_id = ANY(%(customers)s::bigint[])
        AND NOT EXISTS (
            SELECT FROM wanted WHERE wanted.customer_id = term.customer_id AND wanted.field_id = term.field_id
                AND wanted.folded = term.folded
        )
)
INSERT INTO customers_fieldterm AS term (organization_id, field_id, customer_id, folded, position)
SELECT organization_id, field_id, customer_id, folded, position FROM wanted ORDER BY customer_id, field_id, folded
ON CONFLICT (organization_id, customer_id, field_id, folded)
    DO UPDATE SET position = excluded.position WHERE term.position <> excluded.position
"""


def keep_terms(customer_ids: Collection[int], *, organization_id: int) -> None:
    """Align the terms of these customers with their answers: one statement.

    Call it in the transaction that wrote the answers. The customers are locked, or new.
    """
    if not customer_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {"customers": sorted(customer_ids), "organization": organization_id})


def align_fields(organization: Organization) -> list[str]:
    """Index the searchable fields of the scope's organization, remove the index of others; a line about each change.

    Aligned fields cost one query. It may run at any time, beside tills and beside itself, and may be killed at any time: the
    next call does the rest. Call it outside of a transaction.
    """
    with hold_name(f"fields of {organization.pk}", patience=0) as is_alone:
        return list(_align(organization)) if is_alone else []


def _align(organization: Organization) -> Iterator[str]:
    for field in FieldDefinition.objects.filter(category__in=SEARCHED).select_related("indexed").order_by("pk"):
        indexed: IndexedField | None = getattr(field, "indexed", None)
        if field.is_searchable and (indexed is None or not indexed.is_complete):
            yield f"{field.category} field {field.name}: {_index(field, organization)}"
        elif indexed is not None and not field.is_searchable:
            _remove_index(indexed)
            yield f"{field.category} field {field.name}: no longer indexed"


def _index(field: FieldDefinition, organization: Organization) -> str:
    """Make all writers keep the field's terms, then add the terms of earlier answers; a description of the result."""
    indexed, _ = IndexedField.objects.get_or_create(organization=organization, field=field)
    if not _wait_for_others():
        return "not indexed yet, another transaction goes on for too long"
    # Terms left by an earlier index, finished or not.
    _remove_terms(field.pk)
    answered = Customer.objects.filter(field_values_folded__has_key=str(field.pk))
    reached = 0
    while True:
        with transaction.atomic():
            batch = lock(answered.filter(pk__gt=reached)).values_list("pk", flat=True)[:_BATCH]
            customer_ids = list(batch)
            keep_terms(customer_ids, organization_id=organization.pk)
        if not customer_ids:
            break
        reached = customer_ids[-1]
    indexed.is_complete = True
    indexed.save(update_fields=["is_complete"])
    return "indexed"


def _remove_index(indexed: IndexedField) -> None:
    """Make all writers skip the field, then remove its terms."""
    field_id = indexed.field_id
    indexed.delete()
    _wait_for_others()
    _remove_terms(field_id)


def _remove_terms(field_id: int) -> None:
    terms = FieldTerm.objects.filter(field=field_id)
    while batch := list(terms.values_list("pk", flat=True)[:_BATCH]):
        terms.filter(pk__in=batch).delete()


def _wait_for_others() -> bool:
    """Wait for the transactions that may have read earlier which fields are indexed; False after 30 seconds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (own,) = cursor.fetchone()
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > %s", [own])
            if cursor.fetchone()[0]:
                return True
            time.sleep(_PAUSE)
    return False
