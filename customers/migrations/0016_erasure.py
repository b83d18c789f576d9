"""Erased customers, and certificates of erasures that the database refuses to change or delete."""

import django.db.models.deletion
from django.db import migrations, models

TRIGGERS = """
CREATE TRIGGER erasures_are_append_only BEFORE UPDATE OR DELETE ON customers_erasure
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TRIGGER decided_requests_stay ON customers_identityrequest;
CREATE TRIGGER decided_requests_stay BEFORE UPDATE OR DELETE ON customers_identityrequest
    FOR EACH ROW WHEN (OLD.status <> 'PENDING')
    EXECUTE FUNCTION refuse_change_but_erasure('old_value', 'new_value', 'comments', 'reason');
"""
TRIGGERS_BEFORE = """
DROP TRIGGER decided_requests_stay ON customers_identityrequest;
CREATE TRIGGER decided_requests_stay BEFORE UPDATE OR DELETE ON customers_identityrequest
    FOR EACH ROW WHEN (OLD.status <> 'PENDING') EXECUTE FUNCTION refuse_change();
DROP TRIGGER erasures_are_append_only ON customers_erasure;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0013_erasure_empties_the_audit"),
        ("customers", "0015_configuration_version"),
        ("organizations", "0013_erasure_empties_the_audit"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="erased_at",
            field=models.DateTimeField(blank=True, editable=False, help_text="When the personal data was erased", null=True),
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("erased_at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[("API", "Api"), ("IMPORT", "Import"), ("BACK_OFFICE", "Back Office"), ("COMMAND", "Command")],
                        max_length=12,
                    ),
                ),
                ("actor", models.CharField(help_text="staff:NAME or command:NAME", max_length=120, verbose_name="erased by")),
                (
                    "basis",
                    models.CharField(
                        help_text="Why it was erased, without personal data: the number of the request", max_length=250
                    ),
                ),
                (
                    "merged",
                    models.JSONField(default=list, help_text="Ids of the merged customers who were erased with this one"),
                ),
                (
                    "places",
                    models.JSONField(
                        default=list, help_text="What was emptied: the names of places with their numbers of rows"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of all the rest, by which a printed certificate is checked", max_length=64
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="customers.customer",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "permissions": [
                    ("erase_customer", "Can erase the personal data of customers"),
                    ("export_customer", "Can export all data about a customer"),
                ],
                "indexes": [models.Index(fields=["organization", "-id"], name="erasure_newest")],
                "constraints": [models.UniqueConstraint(fields=("organization", "customer"), name="erasure_once")],
            },
        ),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BEFORE),
    ]
