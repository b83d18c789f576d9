"""Stated points are copied from `details` to their column, in batches of bills that each commit.

`details` of older bills keep the value: digests of merges cover them, and a merge whose rows have changed cannot be undone.
"""

from django.db import migrations

BATCH = 10_000
FORWARDS = """
    UPDATE engagement_bill
    SET stated_points = (details->>'stated_points')::numeric
    WHERE id >= %s AND id < %s AND details ? 'stated_points' AND stated_points IS NULL
"""
BACKWARDS = """
    UPDATE engagement_bill
    SET details = details || jsonb_build_object('stated_points', trim_scale(stated_points)::text)
    WHERE id >= %s AND id < %s AND stated_points IS NOT NULL AND NOT details ? 'stated_points'
"""


def copy_to_column(_apps, schema_editor):
    _update_in_batches(schema_editor, FORWARDS)


def copy_to_details(_apps, schema_editor):
    _update_in_batches(schema_editor, BACKWARDS)


def _update_in_batches(schema_editor, statement):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM engagement_bill")
        first, last = cursor.fetchone()
        if first is not None:
            for start in range(first, last + 1, BATCH):
                cursor.execute(statement, [start, start + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("engagement", "0010_bill_stated_points")]

    operations = [migrations.RunPython(copy_to_column, copy_to_details)]
