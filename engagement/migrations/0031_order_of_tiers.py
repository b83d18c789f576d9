"""What comes after a tier or its validity in the very moment in which a bill brought it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0030_erasure_empties_notes")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="tier_counts_order",
            field=models.BigIntegerField(
                blank=True, help_text="Bills of that moment with higher ids count as later; blank: nothing does", null=True
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="tier_since_order",
            field=models.BigIntegerField(
                blank=True, help_text="Bills of that moment with higher ids came after it; blank: nothing did", null=True
            ),
        ),
    ]
