"""Folded columns follow the rule of searches: I, \\u0131, \\u0130 and i are one letter, and invisible characters do not count.

Only rows whose folded text changes are written, in short transactions. Going back folds by the rule before.
"""

import re
import unicodedata
from collections import defaultdict

from django.db import migrations, transaction

from customers.migrations._invisible import _REMOVED
from customers.migrations._merge_digests import IDENTIFIER, change_rows

LENGTH = 300
BATCH = 2000
APOSTROPHES = "\u2018\u2019\u201b\u02bb\u02bc\u02bd\u2032\uff07`\u00b4"
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
# Rows that only ASCII is in fold alike by both rules, but for repeated blanks in names.
CUSTOMERS = """
    SELECT id FROM customers_customer WHERE id > %s AND (
        octet_length(firstname) <> length(firstname) OR octet_length(lastname) <> length(lastname)
        OR position('  ' IN firstname) > 0 OR position('  ' IN lastname) > 0
        OR octet_length(field_values::text) <> length(field_values::text)
    ) ORDER BY id LIMIT %s
"""
EXTERNAL_IDS = """
    SELECT id FROM customers_identifier
    WHERE id > %s AND kind = 'external_id' AND octet_length(value) <> length(value) ORDER BY id LIMIT %s
"""
TERMS = """
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


def old_fold(text):
    return unicodedata.normalize("NFKC", text).casefold()


def new_fold(text):
    normal = unicodedata.normalize("NFKC", text.translate(_REMOVED))
    folded = unicodedata.normalize("NFKC", normal.casefold().replace("\u0131", "i"))
    return folded.replace("i\u0307", "i")


def new_fold_name(text):
    written = "".join("'" if character in APOSTROPHES else character for character in text if character not in FILLERS)
    return new_fold(re.sub(" {2,}", " ", written))


def fold_anew(apps, schema_editor):
    refold(apps, schema_editor.connection, new_fold, new_fold_name)


def fold_as_before(apps, schema_editor):
    refold(apps, schema_editor.connection, old_fold, old_fold)


def refold(apps, connection, fold, fold_name):
    customers, identifiers, merges = (
        apps.get_model("customers", name)._base_manager.using(connection.alias) for name in ("Customer", "Identifier", "Merge")
    )

    def fold_customer(customer):
        customer.firstname_folded = fold_name(customer.firstname)[:LENGTH]
        customer.lastname_folded = fold_name(customer.lastname)[:LENGTH]
        customer.field_values_folded = {
            key: list(dict.fromkeys(fold(text)[:LENGTH] for text in ([value] if isinstance(value, str) else value)))
            for key, value in customer.field_values.items()
        }

    def fold_identifier(identifier):
        identifier.value_folded = fold(identifier.value)[:LENGTH]

    columns = ["firstname_folded", "lastname_folded", "field_values_folded"]
    for ids in batches(connection, CUSTOMERS):
        with transaction.atomic(using=connection.alias):
            changed = write_changed(customers, ids, fold_customer, columns)
            by_organization = defaultdict(list)
            for customer in changed:
                by_organization[customer.organization_id].append(customer.pk)
            with connection.cursor() as cursor:
                for organization, pks in by_organization.items():
                    cursor.execute(TERMS, {"organization": organization, "customers": pks})
    for ids in batches(connection, EXTERNAL_IDS):
        with transaction.atomic(using=connection.alias):
            owners = set(identifiers.filter(pk__in=ids).values_list("customer_id", flat=True))
            change_rows(
                merges,
                identifiers,
                IDENTIFIER,
                customers=owners,
                change=lambda ids=ids: write_changed(identifiers, ids, fold_identifier, ["value_folded"]),
            )


def write_changed(manager, ids, fold_row, columns):
    """Write the rows whose folded columns change; return them. Other rows are not locked."""

    def changing(rows):
        changed = []
        for row in rows:
            before = [getattr(row, column) for column in columns]
            fold_row(row)
            if [getattr(row, column) for column in columns] != before:
                changed.append(row)
        return changed

    seen = [row.pk for row in changing(manager.filter(pk__in=ids))]
    changed = changing(manager.filter(pk__in=seen).order_by("pk").select_for_update(no_key=True)) if seen else []
    if changed:
        manager.bulk_update(changed, columns)
    return changed


def batches(connection, query):
    reached = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [reached, BATCH])
            ids = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return
        yield ids
        reached = ids[-1]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0012_values_without_invisible_characters")]
    operations = [migrations.RunPython(fold_anew, fold_as_before)]
