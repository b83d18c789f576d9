"""The last day that keeps points alive is named after what it is: by the rules, other activities than bills may set it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("engagement", "0023_coupon_codes_for_printing")]

    operations = [
        migrations.RenameField(model_name="pointsaccount", old_name="last_billed_on", new_name="last_active_on"),
    ]
