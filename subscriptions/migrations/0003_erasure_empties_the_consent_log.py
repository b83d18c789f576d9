"""An erasure may empty the reasons and contexts of the consent log."""

from django.db import migrations

FORWARD = """
DROP TRIGGER consent_log_is_append_only ON subscriptions_consentchange;
CREATE TRIGGER consent_log_is_append_only BEFORE UPDATE OR DELETE ON subscriptions_consentchange
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure('context', 'reason');
"""
BACKWARD = """
DROP TRIGGER consent_log_is_append_only ON subscriptions_consentchange;
CREATE TRIGGER consent_log_is_append_only BEFORE UPDATE OR DELETE ON subscriptions_consentchange
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0013_erasure_empties_the_audit"),
        ("subscriptions", "0002_consent_log_is_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
