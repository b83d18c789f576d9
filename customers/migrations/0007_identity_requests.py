"""Requests to change identifiers; the database itself refuses to change or delete one that is decided."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER decided_requests_stay BEFORE UPDATE OR DELETE ON customers_identityrequest
    FOR EACH ROW WHEN (OLD.status <> 'PENDING') EXECUTE FUNCTION refuse_change();
"""
BACKWARD = "DROP TRIGGER decided_requests_stay ON customers_identityrequest;"


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0006_merged_into_somebody_who_stands"),
        ("organizations", "0005_identity_verification"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "type",
                    models.CharField(
                        choices=[("CHANGE_IDENTIFIER", "change"), ("MERGE", "merge")],
                        default="CHANGE_IDENTIFIER",
                        max_length=17,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("mobile", "mobile"), ("email", "email"), ("external_id", "external ID")],
                        max_length=11,
                        verbose_name="identifier",
                    ),
                ),
                ("old_value", models.CharField(db_collation="C", max_length=254)),
                ("new_value", models.CharField(db_collation="C", max_length=254)),
                (
                    "status",
                    models.CharField(
                        choices=[("PENDING", "pending"), ("APPROVED", "approved"), ("REJECTED", "rejected")],
                        default="PENDING",
                        max_length=8,
                    ),
                ),
                ("requested_on", models.DateTimeField()),
                (
                    "requested_by",
                    models.CharField(help_text="till:CODE, client:KEY, staff:NAME or command:NAME", max_length=120),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("API", "Api"), ("IMPORT", "Import"), ("BACK_OFFICE", "Back Office"), ("COMMAND", "Command")],
                        max_length=12,
                    ),
                ),
                ("comments", models.CharField(blank=True, help_text="What was noted when it was asked for", max_length=250)),
                ("decided_on", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.CharField(
                        blank=True, help_text="staff:NAME, or policy:FLAG where the policy did it", max_length=120
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="Why it was decided so", max_length=250)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identity_requests",
                        to="customers.customer",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Whose the new value was when it was asked for",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.store",
                    ),
                ),
                (
                    "till",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.till",
                    ),
                ),
            ],
            options={
                "verbose_name": "identity request",
                "ordering": ["-decided_on", "pk"],
                "indexes": [
                    models.Index(fields=["organization", "-decided_on", "id"], name="identity_request_queue"),
                    models.Index(fields=["organization", "customer", "-id"], name="identity_request_of_customer"),
                    models.Index(
                        condition=models.Q(("other__isnull", False)),
                        fields=["organization", "other"],
                        name="identity_request_of_other",
                    ),
                    models.Index(fields=["organization", "old_value"], name="identity_request_old_value"),
                    models.Index(fields=["organization", "new_value"], name="identity_request_new_value"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "PENDING")),
                        fields=("organization", "kind", "new_value"),
                        name="identity_request_one_pending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", ""), ("decided_on", None), ("status", "PENDING")),
                            models.Q(
                                models.Q(("status", "PENDING"), _negated=True),
                                ("decided_on__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="identity_request_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), ("status", "REJECTED"), _negated=True),
                        name="identity_request_rejected_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("other__isnull", False), ("type", "MERGE")),
                            models.Q(("other", None), ("type", "CHANGE_IDENTIFIER")),
                            _connector="OR",
                        ),
                        name="identity_request_merges_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
