"""A merge moves points to another account: accounts know where to, lots where from."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0005_merging"),
        ("engagement", "0007_deferred_events"),
        ("organizations", "0004_idempotency_keys"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="pointsaccount",
            name="points_account_unique",
        ),
        migrations.AddField(
            model_name="pointsaccount",
            name="moved_to",
            field=models.ForeignKey(
                blank=True,
                help_text="The account that has its points since a merge; this one is its history",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moved_accounts",
                to="engagement.pointsaccount",
            ),
        ),
        migrations.AddField(
            model_name="pointslot",
            name="moved_from",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The lot of another account whose points these were before a merge",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moved_lots",
                to="engagement.pointslot",
            ),
        ),
        migrations.AddIndex(
            model_name="pointslot",
            index=models.Index(
                condition=models.Q(("moved_from__isnull", False)), fields=["moved_from"], name="points_lot_moved"
            ),
        ),
        migrations.AddConstraint(
            model_name="pointsaccount",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                models.F("customer"),
                models.F("program"),
                models.Case(
                    models.When(moved_to__isnull=True, then=models.Value(0)),
                    default=models.F("id"),
                    output_field=models.BigIntegerField(),
                ),
                name="points_account_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="pointsaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("moved_to__isnull", True),
                    models.Q(
                        ("adjusted", 0),
                        ("balance", 0),
                        ("expired", 0),
                        ("lifetime", 0),
                        ("promised", 0),
                        ("purchases", 0),
                        ("redeemed", 0),
                        ("returned", 0),
                        ("visits", 0),
                    ),
                    _connector="OR",
                ),
                name="points_account_moved_is_empty",
            ),
        ),
    ]
