"""Endpoints with their secrets, events, and deliveries with the log of their attempts.

Endpoints are configuration. Whatever changes them gives their organization a new version, by an update of its row; with that
update the row learns which events are listened to, whatever another writer has read before.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from organizations.configuration_triggers import raises_configuration_version

FORWARD = """
CREATE FUNCTION set_announced_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.announced_events := coalesce(
        (
            SELECT array_agg(DISTINCT kind ORDER BY kind) FROM webhooks_endpoint CROSS JOIN unnest(events) AS kind
            WHERE organization_id = NEW.id AND is_active
        ),
        '{}'
    );
    RETURN NEW;
END
$$;
-- Before the trigger that sets the version, which compares the row: triggers run in the order of their names.
CREATE TRIGGER announced_events_kept BEFORE INSERT OR UPDATE ON organizations_organization
    FOR EACH ROW EXECUTE FUNCTION set_announced_events();
"""
BACKWARD = """
DROP TRIGGER announced_events_kept ON organizations_organization;
DROP FUNCTION set_announced_events();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0012_announced_events"),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("url", models.CharField(db_collation="C", max_length=500, verbose_name="address")),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(db_collation="C", max_length=50),
                        help_text="The kinds of events that it gets",
                        size=None,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("paused_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "paused_because",
                    models.CharField(
                        blank=True,
                        choices=[("STAFF", "by staff"), ("FAILURES", "after failures")],
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook endpoint",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="EndpointHealth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "failures",
                    models.PositiveIntegerField(default=0, help_text="Rounds in a row in which every delivery failed"),
                ),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("rests_until", models.DateTimeField(blank=True, null=True)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "endpoint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="health", to="webhooks.endpoint"
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
                "verbose_name_plural": "endpoint healths",
            },
        ),
        migrations.CreateModel(
            name="EndpointSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="secrets", to="webhooks.endpoint"
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
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField()),
                ("kind", models.CharField(db_collation="C", max_length=50)),
                ("version", models.PositiveSmallIntegerField(help_text="Version of the facts' form")),
                (
                    "customer_id",
                    models.BigIntegerField(blank=True, help_text="`user_id` of the customer; blank: a test", null=True),
                ),
                ("occurred_at", models.DateTimeField(help_text="When it happened")),
                ("recorded_at", models.DateTimeField(help_text="When it was written here")),
                ("facts", models.JSONField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("PENDING", "waiting"), ("DELIVERED", "delivered"), ("FAILED", "failed")],
                        default="PENDING",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField(verbose_name="next attempt")),
                ("expires_at", models.DateTimeField(help_text="After this moment it is given up")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("status", models.PositiveSmallIntegerField(blank=True, help_text="HTTP status of the last answer", null=True)),
                (
                    "error",
                    models.CharField(blank=True, db_collation="C", help_text="Why the last attempt failed", max_length=20),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="webhooks.endpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="webhooks.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook delivery",
                "verbose_name_plural": "webhook deliveries",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("milliseconds", models.PositiveIntegerField()),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("error", models.CharField(blank=True, db_collation="C", max_length=20)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="log", to="webhooks.delivery"
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["organization", "delivery", "-id"], name="webhook_attempt_of_delivery")],
            },
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.UniqueConstraint(fields=("organization", "name"), name="webhook_endpoint_name_unique"),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paused_at", None), ("paused_because", "")),
                    models.Q(("paused_at__isnull", False), models.Q(("paused_because", ""), _negated=True)),
                    _connector="OR",
                ),
                name="webhook_endpoint_pause_has_cause",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["organization", "customer_id"], name="webhook_event_of_customer"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["organization", "recorded_at"], name="webhook_event_recorded"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("organization", "uid"), name="webhook_event_uid_unique"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "PENDING")),
                fields=["organization", "endpoint", "next_at", "id"],
                name="webhook_delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "PENDING")), fields=["expires_at"], name="webhook_delivery_expires"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["organization", "-id"], name="webhook_delivery_newest"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["organization", "endpoint", "-id"], name="webhook_delivery_of_endpoint"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "FAILED")), fields=["organization", "-id"], name="webhook_delivery_failed"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("organization", "event", "endpoint"), name="webhook_delivery_unique"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at", None), ("state", "PENDING")),
                    models.Q(("finished_at__isnull", False), ("state__in", ["DELIVERED", "FAILED"])),
                    _connector="OR",
                ),
                name="webhook_delivery_finished_has_moment",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        raises_configuration_version("webhooks_endpoint"),
    ]
