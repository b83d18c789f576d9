"""The database itself refuses to change or delete an entry of the ledger, or what an entry consumed."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER points_entries_are_append_only BEFORE UPDATE OR DELETE ON engagement_pointsentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER points_consumptions_are_append_only BEFORE UPDATE OR DELETE ON engagement_pointsconsumption
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = """
DROP TRIGGER points_entries_are_append_only ON engagement_pointsentry;
DROP TRIGGER points_consumptions_are_append_only ON engagement_pointsconsumption;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0004_points_ledger_and_bills"),
        ("organizations", "0002_audit_is_append_only"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
