"""Every migration of ours can be taken back."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from loyalty_project.db.fast_migrations import fast_migrations

OURS = ("customers", "engagement", "organizations", "referrals", "subscriptions", "tickets", "webhooks")


@pytest.mark.django_db(transaction=True)
def test_migrations_go_back_to_nothing_and_forth_again():
    applied = {key for key in MigrationRecorder(connection).applied_migrations() if key[0] in OURS}
    assert applied
    try:
        with fast_migrations():
            call_command("migrate", "organizations", "zero", verbosity=0)
        left = MigrationRecorder(connection).applied_migrations()
        assert not [key for key in left if key[0] in OURS]
        assert not [table for table in connection.introspection.table_names() if table.startswith(OURS)]
    finally:
        with fast_migrations():
            call_command("migrate", verbosity=0)
    assert applied <= set(MigrationRecorder(connection).applied_migrations())
