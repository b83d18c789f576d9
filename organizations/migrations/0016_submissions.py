"""Forms of the back office that were sent: each counts once."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organizations", "0015_saved_views")]

    operations = [
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("action", models.CharField(db_collation="C", max_length=40)),
                ("subject", models.BigIntegerField()),
                ("after", models.BigIntegerField()),
                ("result", models.CharField(help_text="What was done, in a sentence without personal data", max_length=250)),
                ("made_by", models.CharField(help_text="staff:NAME", max_length=120)),
                ("made_at", models.DateTimeField()),
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
                    models.UniqueConstraint(
                        fields=("organization", "action", "subject", "after"), name="submission_counts_once"
                    )
                ],
            },
        )
    ]
