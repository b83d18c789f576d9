"""Index of the returns that are parts of mixed bills. It is small: most bills are not.

It is built beside the tills' writes. An invalid index, left by a migration that was interrupted, is built anew.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_BEGIN = [
    # Among millions of rows it takes longer than a call may, and waits for the transactions of others.
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "DROP INDEX CONCURRENTLY IF EXISTS bill_parts",
]
_END = ["RESET statement_timeout", "RESET lock_timeout"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("engagement", "0034_bill_answers")]

    operations = [
        migrations.RunSQL(_BEGIN, _END),
        AddIndexConcurrently(
            "bill",
            models.Index(fields=["organization", "part_of"], condition=models.Q(("part_of__isnull", False)), name="bill_parts"),
        ),
        migrations.RunSQL(_END, _BEGIN[:2]),
    ]
