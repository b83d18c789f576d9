"""The help text of `subject_id` is plainer. No statement runs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organizations", "0009_external_id_patterns_of_re2")]
    operations = [
        migrations.AlterField(
            model_name="keptanswer",
            name="subject_id",
            field=models.BigIntegerField(blank=True, help_text="Id of the customer that the answer is about", null=True),
        ),
    ]
