"""Bill numbers lose invisible characters, as input does by now, so that a bill that comes again is known.

Few rows change, each in a transaction of its own. Going back changes nothing.
"""

from django.db import migrations

from customers.migrations._invisible import clean_rows
from customers.migrations._merge_digests import BILL


def clean_numbers(apps, schema_editor):
    alias = schema_editor.connection.alias
    bills = apps.get_model("engagement", "Bill")._base_manager.using(alias)
    merges = apps.get_model("customers", "Merge")._base_manager.using(alias)
    clean_rows(bills.all(), merges, ["number", "returned_number"], digested=BILL)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("engagement", "0012_adjustments"), ("customers", "0012_values_without_invisible_characters")]
    operations = [migrations.RunPython(clean_numbers, migrations.RunPython.noop)]
