"""A column for the points that an imported file states with a bill."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0009_search_covers_ids")]

    operations = [
        migrations.AddField(
            model_name="bill",
            name="stated_points",
            field=models.DecimalField(
                blank=True,
                decimal_places=3,
                help_text="Points that an imported file states: no rule runs",
                max_digits=18,
                null=True,
            ),
        ),
    ]
