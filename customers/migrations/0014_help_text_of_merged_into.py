"""The help text of `merged_into` is plainer. No statement runs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0013_folding_of_all_spellings")]
    operations = [
        migrations.AlterField(
            model_name="customer",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The customer that this one was merged into: always one that is not merged itself",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="victims",
                to="customers.customer",
            ),
        ),
    ]
