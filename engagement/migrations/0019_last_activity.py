"""Other activities than bills may keep points alive."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0018_coupons")]

    operations = [
        migrations.AlterField(
            model_name="pointsaccount",
            name="last_billed_on",
            field=models.DateField(
                blank=True,
                null=True,
                help_text="The last bill, or what else keeps points alive by the rules",
            ),
        ),
    ]
