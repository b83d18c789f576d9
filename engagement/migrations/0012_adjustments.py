"""Adjustments of points by staff, and those taken back; the database refuses to change or delete a decided one.

A merge changes the customer of an adjustment, whatever its state.
"""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

COLUMNS = "token points expiry expires_on reason needs_approval status requested_on requested_by decided_on decided_by decision_reason entry_id program_id"
FORWARD = f"""
CREATE TRIGGER decided_adjustments_stay BEFORE UPDATE ON engagement_pointsadjustment
    FOR EACH ROW WHEN (
        OLD.status <> 'PENDING'
        AND ({", ".join(f"OLD.{name}" for name in COLUMNS.split())})
            IS DISTINCT FROM ({", ".join(f"NEW.{name}" for name in COLUMNS.split())})
    ) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decided_adjustments_are_kept BEFORE DELETE ON engagement_pointsadjustment
    FOR EACH ROW WHEN (OLD.status <> 'PENDING') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER adjustment_reversals_are_kept BEFORE UPDATE OR DELETE ON engagement_adjustmentreversal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = """
DROP TRIGGER decided_adjustments_stay ON engagement_pointsadjustment;
DROP TRIGGER decided_adjustments_are_kept ON engagement_pointsadjustment;
DROP TRIGGER adjustment_reversals_are_kept ON engagement_adjustmentreversal;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0011_likely_duplicates"),
        ("engagement", "0011_copy_stated_points"),
        ("organizations", "0006_till_sha256_hash"),
    ]

    operations = [
        migrations.CreateModel(
            name="AdjustmentReversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("points", models.DecimalField(decimal_places=3, default=Decimal(0), max_digits=18)),
                (
                    "gone",
                    models.DecimalField(
                        decimal_places=3, default=Decimal(0), help_text="Spent or expired before", max_digits=18
                    ),
                ),
                (
                    "adjusted",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="taken_back", to="engagement.pointsentry"
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="takes_back", to="engagement.pointsentry"
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("points__gt", 0), ("gone__gte", 0)), name="adjustment_reversal_above_zero"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PointsAdjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(db_collation="C", editable=False, max_length=60)),
                (
                    "points",
                    models.DecimalField(decimal_places=3, default=Decimal(0), help_text="Below zero: taken", max_digits=18),
                ),
                (
                    "expiry",
                    models.CharField(
                        choices=[("PROGRAM", "by the program's rules"), ("DAY", "after a day"), ("NEVER", "never")],
                        default="PROGRAM",
                        max_length=7,
                    ),
                ),
                ("expires_on", models.DateField(blank=True, help_text="Last day on which added points can be used", null=True)),
                ("reason", models.CharField(max_length=250)),
                (
                    "needs_approval",
                    models.BooleanField(default=False, help_text="Above the limit of the member of staff who made it"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("PENDING", "pending"), ("DONE", "done"), ("REJECTED", "rejected")],
                        default="PENDING",
                        max_length=8,
                    ),
                ),
                ("requested_on", models.DateTimeField()),
                ("requested_by", models.CharField(help_text="staff:NAME", max_length=120)),
                ("decided_on", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.CharField(blank=True, help_text="staff:NAME", max_length=120)),
                (
                    "decision_reason",
                    models.CharField(blank=True, help_text="Note on the decision; a rejection needs one", max_length=250),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points_adjustments",
                        to="customers.customer",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjustment",
                        to="engagement.pointsentry",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "program",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points_adjustments",
                        to="engagement.program",
                    ),
                ),
            ],
            options={
                "verbose_name": "adjustment",
                "ordering": ["-decided_on", "pk"],
                "indexes": [
                    models.Index(fields=["organization", "-decided_on", "id"], name="points_adjustment_queue"),
                    models.Index(fields=["organization", "customer", "-id"], name="points_adjustment_of_customer"),
                    models.Index(
                        condition=models.Q(("status", "PENDING")), fields=["organization"], name="points_adjustment_pending"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "token"), name="points_adjustment_token_unique"),
                    models.CheckConstraint(condition=models.Q(("points", 0), _negated=True), name="points_adjustment_not_zero"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by", ""), ("decided_on", None), ("entry", None), ("status", "PENDING")),
                            models.Q(
                                ("decided_on__isnull", False),
                                ("entry__isnull", False),
                                ("status", "DONE"),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            models.Q(
                                ("decided_on__isnull", False),
                                ("entry", None),
                                ("status", "REJECTED"),
                                models.Q(("decided_by", ""), _negated=True),
                                models.Q(("decision_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="points_adjustment_decided_with_its_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("needs_approval", False),
                            models.Q(("status", "DONE"), _negated=True),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="points_adjustment_by_two_above_the_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("expires_on__isnull", False), ("expiry", "DAY")),
                            models.Q(models.Q(("expiry", "DAY"), _negated=True), ("expires_on", None)),
                            _connector="OR",
                        ),
                        name="points_adjustment_day_of_expiry",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
