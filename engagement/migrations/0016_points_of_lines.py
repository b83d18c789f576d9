"""Bills know which of their points came from some of their lines."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0015_expired_and_promotional_points_by_account")]

    operations = [
        migrations.AddField(
            model_name="billpoints",
            name="of_lines",
            field=models.JSONField(blank=True, default=list, help_text="Points of some lines, with the positions of these"),
        ),
    ]
