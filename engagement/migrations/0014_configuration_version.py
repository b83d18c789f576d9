"""Changes of programs, their bindings, versions and tiers raise the version of the organization's configuration."""

from django.db import migrations

from organizations.configuration_triggers import raises_configuration_version

TABLES = ("program", "programversion", "tier")
BINDINGS = ("zones", "concepts", "card_series")


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0013_bill_numbers_without_invisible_characters"),
        ("organizations", "0011_configuration_version"),
    ]
    operations = [
        *(raises_configuration_version(f"engagement_{table}") for table in TABLES),
        *(
            raises_configuration_version(f"engagement_program_{binding}", parent="engagement_program", parent_id="program_id")
            for binding in BINDINGS
        ),
    ]
