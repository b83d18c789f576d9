"""Check that every stored EXTERNAL_ID_PATTERN is one that RE2 runs. No row changes.

Patterns were run by Python's `re` before, which also knows look-around and back-references. An organization with such a pattern
could not be read afterwards, so the migration stops and names it: its pattern is changed with the version before, or by SQL.
"""

from django.db import migrations

from loyalty_project.patterns import PatternError, check_pattern

FLAG = "EXTERNAL_ID_PATTERN"


def check_patterns(apps, schema_editor):
    organizations = apps.get_model("organizations", "Organization")._base_manager.using(schema_editor.connection.alias)
    problems = []
    for code, flags in organizations.order_by("code").values_list("code", "flags"):
        try:
            check_pattern(str(flags.get(FLAG, "")))
        except PatternError as problem:
            problems.append(f"organization {code}: {FLAG} {flags[FLAG]!r} {problem}")
    if problems:
        raise ValueError("\n".join([*problems, "Change these settings with the version installed before, then migrate again."]))


class Migration(migrations.Migration):
    dependencies = [("organizations", "0008_proven_addresses")]
    operations = [migrations.RunPython(check_patterns, migrations.RunPython.noop, elidable=True)]
