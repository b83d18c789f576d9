"""The database itself refuses to change or delete an entry of the consent log."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER consent_log_is_append_only BEFORE UPDATE OR DELETE ON subscriptions_consentchange
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = "DROP TRIGGER consent_log_is_append_only ON subscriptions_consentchange;"


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0001_initial"),
        ("organizations", "0002_audit_is_append_only"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
