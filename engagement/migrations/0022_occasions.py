"""The last day for which occasions were awarded."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0021_tiers_end"), ("organizations", "0011_configuration_version")]

    operations = [
        migrations.CreateModel(
            name="OccasionRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_day", models.DateField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="occasionrun",
            constraint=models.UniqueConstraint(fields=("organization",), name="occasion_run_unique"),
        ),
    ]
