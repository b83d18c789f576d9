"""Indexes of customers with an unusual type, source or fraud status, for filters of the back office's list.

They are small, and are built beside the tills' writes. An invalid index, left by a migration that was interrupted, is built anew.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_BEGIN = [
    # Among millions of rows it takes longer than a call may, and waits for the transactions of others.
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "DROP INDEX CONCURRENTLY IF EXISTS customer_of_type",
    "DROP INDEX CONCURRENTLY IF EXISTS customer_of_source",
    "DROP INDEX CONCURRENTLY IF EXISTS customer_of_fraud_status",
]
_END = ["RESET statement_timeout", "RESET lock_timeout"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0018_outbox")]

    operations = [
        migrations.RunSQL(_BEGIN, _END),
        AddIndexConcurrently(
            "customer",
            models.Index(
                fields=["organization", "type", "-id"],
                condition=models.Q(("type", "LOYALTY"), _negated=True),
                name="customer_of_type",
            ),
        ),
        AddIndexConcurrently(
            "customer",
            models.Index(
                fields=["organization", "source", "-id"],
                condition=models.Q(("source", "INSTORE"), _negated=True),
                name="customer_of_source",
            ),
        ),
        AddIndexConcurrently(
            "customer",
            models.Index(
                fields=["organization", "fraud_status", "-id"],
                condition=models.Q(("fraud_status", "NONE"), _negated=True),
                name="customer_of_fraud_status",
            ),
        ),
        migrations.RunSQL(_END, _BEGIN[:2]),
    ]
