"""Stated points move from `details` to their column, in batches of bills that each commit.

A run that is interrupted goes on where it stopped: a moved value is no longer in `details`.
"""

from django.db import migrations

BATCH = 10_000
FORWARDS = """
    UPDATE engagement_bill
    SET stated_points = (details->>'stated_points')::numeric, details = details - 'stated_points'
    WHERE id >= %s AND id < %s AND details ? 'stated_points'
"""
BACKWARDS = """
    UPDATE engagement_bill
    SET details = details || jsonb_build_object('stated_points', trim_scale(stated_points)::text), stated_points = NULL
    WHERE id >= %s AND id < %s AND stated_points IS NOT NULL
"""


def move_to_column(_apps, schema_editor):
    _update_in_batches(schema_editor, FORWARDS)


def move_to_details(_apps, schema_editor):
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

    operations = [migrations.RunPython(move_to_column, move_to_details)]
