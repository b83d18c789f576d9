"""Addresses from which a credential was right are remembered, so that guesses from there do not lock it out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organizations", "0007_import_run_reasons")]
    operations = [
        migrations.AddField(
            model_name="credentialfailure",
            name="last_success",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
