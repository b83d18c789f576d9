"""What must be known to change an identifier becomes a column of its own; so far it was kept as a section not yet active."""

from django.db import migrations, models

NAME = "identity_verification"


def take_out(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.filter(stored_sections__has_key=NAME):
        organization.identity_verification = organization.stored_sections.pop(NAME)
        organization.save(update_fields=[NAME, "stored_sections"])


def put_back(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.exclude(identity_verification={}):
        organization.stored_sections[NAME] = organization.identity_verification
        organization.save(update_fields=["stored_sections"])


class Migration(migrations.Migration):
    dependencies = [("organizations", "0004_idempotency_keys")]
    operations = [
        migrations.AddField(
            model_name="organization",
            name=NAME,
            field=models.JSONField(
                blank=True, default=dict, help_text="What must be known to change an identifier, as in the organization file"
            ),
        ),
        migrations.RunPython(take_out, put_back),
    ]
