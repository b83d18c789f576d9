"""Customers get what searches compare: folded identifiers and answers beside them, and all of it backwards.

What is stored already is folded here, by the rule of that day. Going back drops the columns, which hold nothing of their own.
"""

import unicodedata

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

LENGTH = 300
BATCH = 2000


def search_form(text):
    return unicodedata.normalize("NFKC", text).casefold()[:LENGTH]


def fold_identifiers(apps, _schema_editor):
    identifiers = apps.get_model("customers", "Identifier")._base_manager
    # Mobiles and e-mail addresses are kept folded as they are.
    identifiers.exclude(kind="external_id").update(value_folded=models.F("value"))
    for rows in batches(identifiers.filter(kind="external_id")):
        for row in rows:
            row.value_folded = search_form(row.value)
        identifiers.bulk_update(rows, ["value_folded"])


def fold_answers(apps, _schema_editor):
    customers = apps.get_model("customers", "Customer")._base_manager
    for rows in batches(customers.exclude(field_values={})):
        for row in rows:
            row.field_values_folded = {
                key: list(dict.fromkeys(map(search_form, [value] if isinstance(value, str) else value)))
                for key, value in row.field_values.items()
            }
        customers.bulk_update(rows, ["field_values_folded"])


def batches(rows):
    reached = 0
    while batch := list(rows.filter(pk__gt=reached).order_by("pk")[:BATCH]):
        yield batch
        reached = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0007_identity_requests"),
        ("organizations", "0004_idempotency_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="FieldTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("folded", models.CharField(db_collation="C", max_length=300)),
                (
                    "reversed",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Reverse("folded"),
                        output_field=models.TextField(db_collation="C"),
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(help_text="Counts the customer's answers to the field from 1")),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="IndexedField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "is_complete",
                    models.BooleanField(
                        default=False, help_text="Earlier answers stand there as well: searches may rely on it"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RemoveIndex(
            model_name="customer",
            name="customer_newest",
        ),
        migrations.RemoveIndex(
            model_name="customer",
            name="customer_firstname",
        ),
        migrations.RemoveIndex(
            model_name="customer",
            name="customer_lastname",
        ),
        migrations.AddField(
            model_name="customer",
            name="field_values_folded",
            field=models.JSONField(blank=True, default=dict, editable=False, help_text="Lists of folded values by field id"),
        ),
        migrations.AddField(
            model_name="customer",
            name="firstname_reversed",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Reverse("firstname_folded"),
                output_field=models.TextField(db_collation="C"),
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="lastname_reversed",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Reverse("lastname_folded"),
                output_field=models.TextField(db_collation="C"),
            ),
        ),
        migrations.AddField(
            model_name="identifier",
            name="value_folded",
            field=models.CharField(
                blank=True, db_collation="C", editable=False, help_text="By which it is searched", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="identifier",
            name="value_reversed",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Reverse("value_folded"),
                output_field=models.TextField(db_collation="C"),
            ),
        ),
        migrations.RunPython(fold_identifiers, migrations.RunPython.noop),
        migrations.RunPython(fold_answers, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["organization", "-id"], include=["merged_into"], name="customer_newest"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["organization", "firstname_folded", "id"], include=["merged_into"], name="customer_firstname"
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["organization", "lastname_folded", "id"], include=["merged_into"], name="customer_lastname"
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["organization", "firstname_reversed", "id"], include=["merged_into"], name="customer_firstname_reversed"
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["organization", "lastname_reversed", "id"], include=["merged_into"], name="customer_lastname_reversed"
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["organization", "registered_on", "id"], include=["merged_into"], name="customer_registered_on"
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["field_values_folded"], name="customer_field_values", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="identifier",
            index=models.Index(
                condition=models.Q(("state", "FORMER"), _negated=True),
                fields=["organization", "kind", "value_folded", "customer"],
                include=["state", "id"],
                name="identifier_folded",
            ),
        ),
        migrations.AddIndex(
            model_name="identifier",
            index=models.Index(
                condition=models.Q(("state", "FORMER"), _negated=True),
                fields=["organization", "kind", "value_reversed", "customer"],
                include=["state", "id"],
                name="identifier_reversed",
            ),
        ),
        migrations.AddField(
            model_name="fieldterm",
            name="customer",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.customer"
            ),
        ),
        migrations.AddField(
            model_name="fieldterm",
            name="field",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="organizations.fielddefinition",
            ),
        ),
        migrations.AddField(
            model_name="fieldterm",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="indexedfield",
            name="field",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="indexed", to="organizations.fielddefinition"
            ),
        ),
        migrations.AddField(
            model_name="indexedfield",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddIndex(
            model_name="fieldterm",
            index=models.Index(
                fields=["organization", "field", "folded", "customer"], include=["position"], name="field_term_folded"
            ),
        ),
        migrations.AddIndex(
            model_name="fieldterm",
            index=models.Index(
                fields=["organization", "field", "reversed", "customer"], include=["position"], name="field_term_reversed"
            ),
        ),
        migrations.AddConstraint(
            model_name="fieldterm",
            constraint=models.UniqueConstraint(
                fields=("organization", "customer", "field", "folded"), name="field_term_unique"
            ),
        ),
    ]
