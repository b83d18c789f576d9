"""An erasure may empty comments on tickets."""

from django.db import migrations

FORWARD = """
DROP TRIGGER ticket_comments_are_append_only ON tickets_ticketcomment;
CREATE TRIGGER ticket_comments_are_append_only BEFORE UPDATE OR DELETE ON tickets_ticketcomment
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure('text');
"""
BACKWARD = """
DROP TRIGGER ticket_comments_are_append_only ON tickets_ticketcomment;
CREATE TRIGGER ticket_comments_are_append_only BEFORE UPDATE OR DELETE ON tickets_ticketcomment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0013_erasure_empties_the_audit"),
        ("tickets", "0001_initial"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
