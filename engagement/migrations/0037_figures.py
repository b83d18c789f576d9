"""Figures of the start page: empty tables that `refresh_figures` fills (docs/operating.md)."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0036_program_external_id"),
        ("organizations", "0013_erasure_empties_the_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActiveCustomers",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stores",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), help_text="Ids in ascending order; empty: anywhere", size=None
                    ),
                ),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("customers", models.PositiveBigIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "active customers",
                "ordering": ["-last_day", "first_day", "pk"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "last_day", "first_day", "stores"), name="active_customers_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DayFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "joined",
                    models.PositiveBigIntegerField(default=0, help_text="Customers who registered, merged ones left out"),
                ),
                ("bills", models.PositiveBigIntegerField(default=0, help_text="Sales, with or without a customer")),
                ("customer_bills", models.PositiveBigIntegerField(default=0, help_text="Sales with a customer")),
                (
                    "sales",
                    models.DecimalField(
                        decimal_places=3,
                        default=Decimal(0),
                        help_text="Amount of the sales less that of the returns",
                        max_digits=24,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.store",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "day figures",
                "ordering": ["-day", "store"],
                "permissions": [("view_figures", "Can see the figures of the start page")],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "day", "store"), name="day_figures_unique", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FiguresRefresh",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("timezone", models.CharField(help_text="The zone that decided the days", max_length=64)),
                ("is_complete", models.BooleanField(default=False, help_text="Every day was counted anew")),
                ("days", models.PositiveIntegerField(default=0, help_text="Days that were counted anew")),
                (
                    "last_customer",
                    models.BigIntegerField(default=0, help_text="The highest id as it started, of any organization"),
                ),
                ("last_bill", models.BigIntegerField(default=0)),
                ("last_entry", models.BigIntegerField(default=0)),
                ("last_audit", models.BigIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "figures refreshes",
                "ordering": ["-pk"],
                "default_permissions": (),
                "indexes": [models.Index(fields=["organization", "-id"], name="figures_refresh_newest")],
            },
        ),
        migrations.CreateModel(
            name="PointsFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "earned",
                    models.DecimalField(
                        decimal_places=3,
                        default=Decimal(0),
                        help_text="Awards, and promised points that were released",
                        max_digits=24,
                    ),
                ),
                (
                    "redeemed",
                    models.DecimalField(decimal_places=3, default=Decimal(0), help_text="Less reversals", max_digits=24),
                ),
                ("expired", models.DecimalField(decimal_places=3, default=Decimal(0), max_digits=24)),
                (
                    "returned",
                    models.DecimalField(
                        decimal_places=3, default=Decimal(0), help_text="Taken back because of returns", max_digits=24
                    ),
                ),
                (
                    "adjusted",
                    models.DecimalField(decimal_places=3, default=Decimal(0), help_text="Credits less debits", max_digits=24),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "program",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="engagement.program"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.store",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "points figures",
                "ordering": ["-day", "program", "store"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "day", "program", "store"), name="points_figures_unique", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TierFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("members", models.PositiveBigIntegerField(default=0)),
                ("points", models.DecimalField(decimal_places=3, default=Decimal(0), help_text="Balances", max_digits=24)),
                (
                    "promised",
                    models.DecimalField(
                        decimal_places=3, default=Decimal(0), help_text="Points that may be spent later", max_digits=24
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "program",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="engagement.program"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.store",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagement.tier",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "tier figures",
                "ordering": ["program", "tier", "store"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "program", "tier", "store"), name="tier_figures_unique", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
