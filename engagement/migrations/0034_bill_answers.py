"""Answers to bills, kept for the same bill sent again, and the returns that are parts of mixed bills."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0016_erasure"),
        ("engagement", "0033_expiring_points"),
        ("organizations", "0013_erasure_empties_the_audit"),
    ]

    operations = [
        migrations.AddField(
            model_name="bill",
            name="part_of",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The mixed bill whose returned lines these are",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="engagement.bill",
            ),
        ),
        migrations.CreateModel(
            name="BillAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "content",
                    models.TextField(
                        help_text="Figures after the bill, effects and warnings as JSON text, which keeps the figures"
                    ),
                ),
                (
                    "bill",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answer", to="engagement.bill"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={"ordering": ["-pk"]},
        ),
    ]
