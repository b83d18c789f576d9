"""External ids and card numbers lose invisible characters, as input does by now, so that look-ups find them.

Few rows change, each in a transaction of its own. Going back changes nothing.
"""

import unicodedata

from django.db import migrations

from customers.migrations._invisible import clean_rows
from customers.migrations._merge_digests import CARD, IDENTIFIER


def folded(identifier):
    return unicodedata.normalize("NFKC", identifier.value).casefold()[:300]


def clean_values(apps, schema_editor):
    alias = schema_editor.connection.alias
    merges, identifiers, cards = (
        apps.get_model("customers", name)._base_manager.using(alias) for name in ("Merge", "Identifier", "Card")
    )
    external_ids = identifiers.filter(kind="external_id")
    clean_rows(external_ids, merges, ["value"], digested=IDENTIFIER, others={"value_folded": folded})
    clean_rows(cards.all(), merges, ["number", "external_id"], digested=CARD)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0011_likely_duplicates")]
    operations = [migrations.RunPython(clean_values, migrations.RunPython.noop)]
