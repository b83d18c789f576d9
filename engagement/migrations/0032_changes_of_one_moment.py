"""Changes of a tier in one moment differ in the last day to which they lead: validities may end together.

The wider index is built beside the tills' writes. An invalid one, left by a migration that was interrupted, is built anew.
"""

from django.db import migrations, models

_BEGIN = [
    # Among millions of rows it takes longer than a call may, and waits for the transactions of others.
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
]
_END = ["RESET statement_timeout", "RESET lock_timeout"]
_COLUMNS = "organization_id, membership_id, changed_at, to_tier_id, kind"
_WIDEN = [
    "DROP INDEX CONCURRENTLY IF EXISTS tier_change_wider",
    "CREATE UNIQUE INDEX CONCURRENTLY tier_change_wider "
    f"ON engagement_tierchange ({_COLUMNS}, to_expires_on) NULLS NOT DISTINCT",
    "ALTER TABLE engagement_tierchange DROP CONSTRAINT tier_change_unique, "
    "ADD CONSTRAINT tier_change_unique UNIQUE USING INDEX tier_change_wider",
]
_NARROW = [
    "ALTER TABLE engagement_tierchange DROP CONSTRAINT tier_change_unique, "
    f"ADD CONSTRAINT tier_change_unique UNIQUE ({_COLUMNS})",
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("engagement", "0031_order_of_tiers")]

    operations = [
        migrations.RunSQL(_BEGIN, _END),
        migrations.RunSQL(
            _WIDEN,
            _NARROW,
            state_operations=[
                migrations.RemoveConstraint("tierchange", "tier_change_unique"),
                migrations.AddConstraint(
                    "tierchange",
                    models.UniqueConstraint(
                        fields=["organization", "membership", "changed_at", "to_tier", "kind", "to_expires_on"],
                        name="tier_change_unique",
                        nulls_distinct=False,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(_END, _BEGIN),
    ]
