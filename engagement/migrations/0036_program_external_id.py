"""The number by which tills know a program (docs/organization-file.md, programs)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0035_parts_of_mixed_bills")]

    operations = [
        migrations.AddField(
            model_name="program",
            name="external_id",
            field=models.BigIntegerField(
                blank=True, help_text="The number by which tills know the program, if it is not our own id", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="program",
            constraint=models.UniqueConstraint(
                deferrable=models.Deferrable["DEFERRED"],
                fields=("organization", "external_id"),
                name="program_external_id_unique",
            ),
        ),
    ]
