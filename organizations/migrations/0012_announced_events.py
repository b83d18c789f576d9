"""Organizations say which kinds of events are listened to. The app of webhooks keeps the column by a trigger."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0011_configuration_version"),
        # Earlier migrations read organizations with the columns of their own time: going back, the new column goes first.
        ("customers", "0015_configuration_version"),
        ("engagement", "0023_coupon_codes_for_printing"),
    ]
    operations = [
        migrations.AddField(
            model_name="organization",
            name="announced_events",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=50),
                default=list,
                editable=False,
                help_text="Set by the database: the kinds of events that active webhook endpoints listen to",
                size=None,
            ),
        ),
    ]
