"""Changes of members' tiers, and what decides when a tier ends."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0019_last_activity"),
        ("organizations", "0011_configuration_version"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="tier_counts_from",
            field=models.DateTimeField(
                blank=True,
                help_text="What happens later counts for the next renewal; blank: since the tier was reached",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="tier_due_on",
            field=models.DateField(
                blank=True,
                help_text="Its end is evaluated after this day; later than its last day in grace or while locked",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="tier_locked_until",
            field=models.DateField(blank=True, help_text="Until this day it is raised, but not lowered", null=True),
        ),
        migrations.CreateModel(
            name="TierChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("UPGRADE", "upgrade"), ("DOWNGRADE", "downgrade"), ("RENEW", "renewal")], max_length=9
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("RULES", "the program's rules"),
                            ("STAFF", "a member of staff"),
                            ("IMPORT", "an import"),
                            ("MERGE", "a merge"),
                        ],
                        default="RULES",
                        max_length=6,
                    ),
                ),
                (
                    "from_expires_on",
                    models.DateField(blank=True, help_text="Last day of the tier before; blank: it never ended", null=True),
                ),
                (
                    "to_expires_on",
                    models.DateField(blank=True, help_text="Last day as of the change; blank: it never ends", null=True),
                ),
                ("changed_at", models.DateTimeField(help_text="When it happened")),
                ("recorded_at", models.DateTimeField(help_text="When it was written here")),
                ("note", models.CharField(blank=True, max_length=250)),
                ("made_by", models.CharField(help_text="Till, client, member of staff or command", max_length=150)),
                ("explanation", models.JSONField(blank=True, default=dict)),
                (
                    "bill",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagement.bill",
                    ),
                ),
                (
                    "from_tier",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="engagement.tier"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tier_changes",
                        to="engagement.membership",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "program_version",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagement.programversion",
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
                    "to_tier",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="engagement.tier"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "membership", "changed_at", "to_tier", "kind"), name="tier_change_unique"
                    )
                ],
            },
        ),
    ]
