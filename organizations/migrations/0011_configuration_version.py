"""Organizations get a version of their configuration, and every table of this app that belongs to it raises the version.

`draw_configuration_version()` never gives a number twice. The sequence alone would: after a crash or a failover it may repeat
numbers that no committed transaction has used. The sixteen random bits tell these apart.
"""

from django.db import migrations, models

from organizations.configuration_triggers import raises_configuration_version

FORWARD = """
CREATE SEQUENCE organizations_configuration_version;

CREATE FUNCTION draw_configuration_version() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (nextval('organizations_configuration_version') << 16) + floor(random() * 65536)::bigint
$$;

-- The organization's own row: whatever a writer gives as the version, the row gets a new one.
CREATE FUNCTION set_configuration_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.configuration_version := draw_configuration_version();
    RETURN NEW;
END
$$;
CREATE TRIGGER configuration_inserted BEFORE INSERT ON organizations_organization
    FOR EACH ROW EXECUTE FUNCTION set_configuration_version();
CREATE TRIGGER configuration_updated BEFORE UPDATE ON organizations_organization
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_configuration_version();

-- Rows of other tables, after each statement: the organizations of the rows that differ, or all of them after TRUNCATE. The
-- arguments are those of a table without organization_id: its parent, and the column with the parent's id.
CREATE FUNCTION raise_configuration_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'TABLE new_rows'
        WHEN 'DELETE' THEN 'TABLE old_rows'
        ELSE '(TABLE new_rows EXCEPT TABLE old_rows) UNION ALL (TABLE old_rows EXCEPT TABLE new_rows)'
    END;
    concerned bigint[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        SELECT array_agg(id) INTO concerned FROM organizations_organization;
    ELSIF TG_NARGS = 0 THEN
        EXECUTE format('SELECT array_agg(DISTINCT organization_id) FROM (%s) AS changed', changed) INTO concerned;
    ELSE
        EXECUTE format(
            'SELECT array_agg(DISTINCT organization_id) FROM (%s) AS changed JOIN %I AS parent ON parent.id = changed.%I',
            changed, TG_ARGV[0], TG_ARGV[1]
        ) INTO concerned;
    END IF;
    -- Locked in one order, and not against the foreign keys of tills' rows. The trigger above sets the version.
    WITH locked AS MATERIALIZED (
        SELECT id FROM organizations_organization WHERE id = ANY(concerned) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE organizations_organization AS organization SET configuration_version = DEFAULT
    FROM locked WHERE organization.id = locked.id;
    RETURN NULL;
END
$$;

UPDATE organizations_organization SET configuration_version = 1;
"""
BACKWARD = """
DROP FUNCTION raise_configuration_version();
DROP TRIGGER configuration_updated ON organizations_organization;
DROP TRIGGER configuration_inserted ON organizations_organization;
DROP FUNCTION set_configuration_version();
DROP FUNCTION draw_configuration_version();
DROP SEQUENCE organizations_configuration_version;
"""
TABLES = ("zone", "concept", "store", "till", "apiclient", "fielddefinition", "cardseries", "sourceaccount")


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0010_help_text_of_subject_id"),
        # Earlier migrations read organizations with the columns of their own time: going back, the new column goes first.
        ("customers", "0014_help_text_of_merged_into"),
        ("engagement", "0013_bill_numbers_without_invisible_characters"),
    ]
    operations = [
        migrations.AddField(
            model_name="organization",
            name="configuration_version",
            field=models.BigIntegerField(
                db_default=0,
                editable=False,
                help_text="Set by the database: a new number with every change of the configuration",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        *(raises_configuration_version(f"organizations_{table}") for table in TABLES),
    ]
