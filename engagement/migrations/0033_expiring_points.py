"""The list of points that expire soon, with a permission of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("engagement", "0032_changes_of_one_moment")]

    operations = [
        migrations.CreateModel(
            name="ExpiringPoints",
            fields=[],
            options={
                "verbose_name": "points that expire soon",
                "verbose_name_plural": "points that expire soon",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("engagement.pointsaccount",),
        ),
    ]
