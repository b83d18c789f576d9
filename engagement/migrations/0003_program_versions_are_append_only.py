"""The database itself refuses to change or delete a version of a program's rules."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER program_versions_are_append_only BEFORE UPDATE OR DELETE ON engagement_programversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = "DROP TRIGGER program_versions_are_append_only ON engagement_programversion;"


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0002_programs_of_organization_files"),
        ("organizations", "0002_audit_is_append_only"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
