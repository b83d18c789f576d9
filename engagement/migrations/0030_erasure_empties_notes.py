"""An erasure may empty notes, reasons and custom fields of rows that nothing else may change."""

from django.db import migrations

# Replaced triggers: name, table, when it fires, and the columns that an erasure may empty.
_COLUMNS = "token points expiry expires_on reason needs_approval status requested_on requested_by decided_on decided_by decision_reason entry_id program_id"
TRIGGERS = (
    ("points_entries_are_append_only", "pointsentry", "UPDATE OR DELETE", "", ("note",)),
    ("tier_changes_are_append_only", "tierchange", "UPDATE OR DELETE", "", ("note",)),
    ("coupon_reversals_are_append_only", "couponreversal", "UPDATE OR DELETE", "", ("reason",)),
    (
        "coupon_redemptions_are_append_only",
        "couponredemption",
        "UPDATE OF id, organization_id, coupon_id, redeemed_at, recorded_at, transaction_number, amount, discount,"
        " custom_fields, till_id, store_id, made_by OR DELETE",
        "",
        ("custom_fields",),
    ),
    (
        "decided_adjustments_stay",
        "pointsadjustment",
        "UPDATE",
        f"""WHEN (OLD.status <> 'PENDING' AND ({", ".join(f"OLD.{name}" for name in _COLUMNS.split())})
            IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in _COLUMNS.split())}))""",
        ("reason", "decision_reason"),
    ),
)


def _replaced(function: str, *, with_columns: bool) -> str:
    return "".join(
        f"DROP TRIGGER {name} ON engagement_{table};\n"
        f"CREATE TRIGGER {name} BEFORE {events} ON engagement_{table} FOR EACH ROW {condition}\n"
        f"    EXECUTE FUNCTION {function}({', '.join(f'{column!r}' for column in columns) if with_columns else ''});\n"
        for name, table, events, condition, columns in TRIGGERS
    )


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0028_recommendations"),
        ("organizations", "0013_erasure_empties_the_audit"),
    ]

    operations = [
        migrations.RunSQL(
            _replaced("refuse_change_but_erasure", with_columns=True), _replaced("refuse_change", with_columns=False)
        )
    ]
