"""The database itself sees to it that nobody is merged into somebody who is merged, whatever happens at the same moment.

Two columns that PostgreSQL computes: whether a customer stands, and whether they need one who does; and a foreign key over both.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE customers_customer
    ADD COLUMN stands boolean GENERATED ALWAYS AS (merged_into_id IS NULL) STORED,
    ADD COLUMN needs_standing boolean GENERATED ALWAYS AS (CASE WHEN merged_into_id IS NOT NULL THEN true END) STORED;
ALTER TABLE customers_customer ADD CONSTRAINT customer_who_stands UNIQUE (id, stands);
ALTER TABLE customers_customer ADD CONSTRAINT customer_merged_into_standing
    FOREIGN KEY (merged_into_id, needs_standing) REFERENCES customers_customer (id, stands);
"""
BACKWARD = """
ALTER TABLE customers_customer DROP CONSTRAINT customer_merged_into_standing;
ALTER TABLE customers_customer DROP CONSTRAINT customer_who_stands;
ALTER TABLE customers_customer DROP COLUMN needs_standing, DROP COLUMN stands;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_merging")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
