"""Imported recommendations, and pairs of items that are bought together."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0015_configuration_version"),
        ("engagement", "0026_interactions"),
        ("organizations", "0011_configuration_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="ItemPair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_code", models.CharField(db_collation="C", max_length=100, verbose_name="item")),
                ("item_description", models.CharField(blank=True, max_length=250, verbose_name="description")),
                ("other_code", models.CharField(db_collation="C", max_length=100, verbose_name="bought with it")),
                ("other_description", models.CharField(blank=True, max_length=250, verbose_name="its description")),
                (
                    "other_price",
                    models.DecimalField(blank=True, decimal_places=3, max_digits=15, null=True, verbose_name="price"),
                ),
                ("bills", models.PositiveIntegerField(help_text="With both items")),
                ("lift", models.DecimalField(decimal_places=3, max_digits=15)),
                ("built_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-lift", "-pk"],
                "indexes": [models.Index(fields=["organization", "-lift", "-id"], name="item_pair_by_lift")],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "item_code", "other_code"), name="item_pair_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("item_code", models.F("other_code")), _negated=True), name="item_pair_of_two_items"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recommendation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_sku", models.CharField(db_collation="C", max_length=100, verbose_name="item")),
                ("description", models.CharField(blank=True, max_length=250)),
                ("price", models.DecimalField(blank=True, decimal_places=3, max_digits=15, null=True)),
                ("img_url", models.CharField(blank=True, max_length=500, verbose_name="picture")),
                (
                    "score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=10,
                        help_text="Of the system that recommends; the highest is first",
                        max_digits=20,
                        null=True,
                    ),
                ),
                ("imported_at", models.DateTimeField(help_text="When an import changed it last")),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recommendations",
                        to="customers.customer",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "customer", "item_sku"), name="recommendation_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("price__isnull", True), ("price__gte", 0), _connector="OR"),
                        name="recommendation_price_not_negative",
                    ),
                ],
            },
        ),
    ]
