"""Triggers that raise an organization's `configuration_version` (docs/architecture.md, Laws 10), as operations for migrations.

A migration that adds a table of the configuration names it: `raises_configuration_version("customers_segment")`. Inserts,
updates and deletions of its rows, by whatever writer, then give the organizations concerned a new version in the same
transaction. Statements that change no row raise nothing.
"""

from typing import Final

from django.db.migrations import RunSQL

# A statement has transition tables for exactly one event, so each event has a trigger of its own.
_TRIGGERS: Final = """
CREATE TRIGGER configuration_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION raise_configuration_version({parent});
CREATE TRIGGER configuration_updated AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION raise_configuration_version({parent});
CREATE TRIGGER configuration_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION raise_configuration_version({parent});
CREATE TRIGGER configuration_truncated AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION raise_configuration_version({parent});
"""
_NO_TRIGGERS: Final = """
DROP TRIGGER configuration_truncated ON {table};
DROP TRIGGER configuration_deleted ON {table};
DROP TRIGGER configuration_updated ON {table};
DROP TRIGGER configuration_inserted ON {table};
"""


def raises_configuration_version(table: str, *, parent: str = "", parent_id: str = "") -> RunSQL:
    """The operation after which changes of `table` raise the version of the organization that a row belongs to.

    A table without `organization_id`, such as one of a many-to-many field, names its `parent`, which has it, and its column
    with the parent's id.
    """
    arguments = f"'{parent}', '{parent_id}'" if parent else ""
    return RunSQL(_TRIGGERS.format(table=table, parent=arguments), _NO_TRIGGERS.format(table=table))
