"""Customers may be merged: whom each one became, and every merge with all that it moved."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_validation_codes"),
        ("organizations", "0004_idempotency_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("merged_at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[("API", "Api"), ("IMPORT", "Import"), ("BACK_OFFICE", "Back Office"), ("COMMAND", "Command")],
                        max_length=12,
                    ),
                ),
                ("actor", models.CharField(help_text="till:CODE, client:KEY, staff:NAME or command:NAME", max_length=120)),
                ("reason", models.CharField(blank=True, max_length=250)),
                ("moved", models.JSONField(default=dict, help_text="All that moved or was filled, by what moved it")),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("undone_by", models.CharField(blank=True, max_length=120)),
                ("undone_reason", models.CharField(blank=True, max_length=250)),
            ],
            options={
                "ordering": ["-pk"],
                "permissions": [("merge_customers", "Can merge customers, and undo merges")],
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Who this customer turned out to be: always somebody who is not merged",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="victims",
                to="customers.customer",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="customer_victims"
            ),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_into", models.F("id")), _negated=True), name="customer_not_merged_into_oneself"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="survivor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="customers.customer"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="victim",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges_as_victim",
                to="customers.customer",
            ),
        ),
        migrations.AddIndex(
            model_name="merge",
            index=models.Index(fields=["organization", "-id"], name="merge_newest"),
        ),
        migrations.AddIndex(
            model_name="merge",
            index=models.Index(fields=["organization", "survivor"], name="merge_of_survivor"),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)), fields=("organization", "victim"), name="merge_one_survivor"
            ),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                django.db.models.functions.comparison.Least("survivor", "victim"),
                django.db.models.functions.comparison.Greatest("survivor", "victim"),
                condition=models.Q(("undone_at__isnull", True)),
                name="merge_one_direction",
            ),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.CheckConstraint(
                condition=models.Q(("survivor", models.F("victim")), _negated=True), name="merge_of_two"
            ),
        ),
    ]
