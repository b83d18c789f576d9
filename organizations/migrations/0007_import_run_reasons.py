"""Reasons of rejected rows, and the kinds of errors of a run with their first lines."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns with a constant default: no row is rewritten."""

    dependencies = [("organizations", "0006_till_sha256_hash")]

    operations = [
        migrations.AddField(
            model_name="importrun",
            name="errors",
            field=models.JSONField(
                blank=True, default=dict, help_text="How often each error occurred, and on which lines first"
            ),
        ),
        migrations.AlterField(
            model_name="importrun",
            name="warnings",
            field=models.JSONField(
                blank=True, default=dict, help_text="How often each warning occurred, and on which lines first"
            ),
        ),
        migrations.AddField(
            model_name="rejectedrow",
            name="detail",
            field=models.TextField(blank=True, default="", help_text="Which column is wrong, what it has, and what is wanted"),
        ),
        migrations.AlterField(
            model_name="rejectedrow",
            name="cells",
            field=models.TextField(
                help_text="The row as it came (or a list of its cells) as JSON in ASCII, which holds what PostgreSQL's own JSON refuses"
            ),
        ),
    ]
