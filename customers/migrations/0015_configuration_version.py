"""Changes of segments, groups, customer statuses and indexed fields raise the version of the organization's configuration."""

from django.db import migrations

from organizations.configuration_triggers import raises_configuration_version

TABLES = ("segment", "segmentpartition", "usergroup", "customerstatus", "indexedfield")


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0014_help_text_of_merged_into"),
        ("organizations", "0011_configuration_version"),
    ]
    operations = [raises_configuration_version(f"customers_{table}") for table in TABLES]
