"""The ends of the tiers that members hold are due. The database itself refuses to alter or delete a change of a tier."""

from django.db import migrations

FORWARD = """
SET LOCAL statement_timeout = 0;
UPDATE engagement_membership SET tier_due_on = tier_expires_on WHERE tier_expires_on IS NOT NULL;
UPDATE engagement_pointsaccount AS account
SET due_at = least(account.due_at, (membership.tier_due_on + 1)::timestamp AT TIME ZONE organization.timezone)
FROM engagement_membership AS membership
JOIN organizations_organization AS organization ON organization.id = membership.organization_id
WHERE membership.tier_due_on IS NOT NULL AND account.organization_id = membership.organization_id
    AND account.customer_id = membership.customer_id AND account.program_id = membership.program_id
    AND account.moved_to_id IS NULL;
CREATE TRIGGER tier_changes_are_append_only BEFORE UPDATE OR DELETE ON engagement_tierchange
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = "DROP TRIGGER tier_changes_are_append_only ON engagement_tierchange;"


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0020_tier_changes"),
        ("organizations", "0002_audit_is_append_only"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
