"""An erasure may empty the personal columns of rows that nothing else may change; the audit is the first such table."""

from django.db import migrations

# The trigger's arguments name the columns that may become empty (or "erased", where a word is needed). Whatever else changes,
# and a deletion, is refused.
FORWARD = """
CREATE FUNCTION refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb;
    personal text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        after := to_jsonb(NEW);
        FOREACH personal IN ARRAY TG_ARGV LOOP
            IF after -> personal IN ('""', '"erased"', '{}', '[]') THEN
                before := before - personal;
                after := after - personal;
            END IF;
        END LOOP;
        IF before = after AND OLD IS DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER audit_is_append_only ON organizations_auditentry;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON organizations_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure('old', 'new', 'context');
"""
BACKWARD = """
DROP TRIGGER audit_is_append_only ON organizations_auditentry;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON organizations_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION refuse_change_but_erasure();
"""


class Migration(migrations.Migration):
    dependencies = [("organizations", "0012_announced_events")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
