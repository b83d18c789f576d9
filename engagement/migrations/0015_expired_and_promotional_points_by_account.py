"""Indexes by account for expired and promotional points. They are small: most rows are neither.

They are built beside the tills' writes. An invalid index, left by a migration that was interrupted, is built anew.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_BEGIN = [
    # Among millions of rows it takes longer than a call may, and waits for the transactions of others.
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "DROP INDEX CONCURRENTLY IF EXISTS points_entry_expired",
    "DROP INDEX CONCURRENTLY IF EXISTS points_lot_promotional",
]
_END = ["RESET statement_timeout", "RESET lock_timeout"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("engagement", "0014_configuration_version")]

    operations = [
        migrations.RunSQL(_BEGIN, _END),
        AddIndexConcurrently(
            "pointsentry",
            models.Index(fields=["organization", "account"], condition=models.Q(kind="EXPIRE"), name="points_entry_expired"),
        ),
        AddIndexConcurrently(
            "pointslot",
            models.Index(
                fields=["organization", "account"], condition=models.Q(kind="promotional"), name="points_lot_promotional"
            ),
        ),
        migrations.RunSQL(_END, _BEGIN[:2]),
    ]
