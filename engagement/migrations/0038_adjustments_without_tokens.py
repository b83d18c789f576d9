"""The one-time tokens of adjustments are those of all forms (`organizations.submissions`).

A migration back gives each adjustment a token that no form has.
"""

from django.db import migrations, models

_COLUMNS = "points expiry expires_on reason needs_approval status requested_on requested_by decided_on decided_by decision_reason entry_id program_id"
_DROP = "DROP TRIGGER decided_adjustments_stay ON engagement_pointsadjustment;"


def _trigger(columns: str) -> str:
    return f"""
CREATE TRIGGER decided_adjustments_stay BEFORE UPDATE ON engagement_pointsadjustment
    FOR EACH ROW WHEN (
        OLD.status <> 'PENDING'
        AND ({", ".join(f"OLD.{name}" for name in columns.split())})
            IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in columns.split())})
    ) EXECUTE FUNCTION refuse_change_but_erasure('reason', 'decision_reason');
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0037_figures"), ("organizations", "0016_submissions")]

    operations = [
        migrations.RunSQL(_DROP, _trigger(f"token {_COLUMNS}")),
        # Back: filled while no trigger refuses it, before the column must not be empty.
        migrations.AlterField("pointsadjustment", "token", models.CharField(max_length=60, null=True, db_collation="C")),
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "UPDATE engagement_pointsadjustment SET token = 'stored-' || id WHERE token IS NULL",
        ),
        migrations.RemoveConstraint("pointsadjustment", "points_adjustment_token_unique"),
        migrations.RemoveField("pointsadjustment", "token"),
        migrations.RunSQL(_trigger(_COLUMNS), _DROP),
    ]
