"""Messages to customers on their way."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0017_erased_is_empty"),
        ("organizations", "0013_erasure_empties_the_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutboxMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("SMS", "SMS"), ("EMAIL", "e-mail")], max_length=5)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("points", "redeeming points"), ("identity", "changing identifiers")], max_length=8
                    ),
                ),
                (
                    "recipient",
                    models.TextField(
                        help_text="Mobile number or e-mail address, encrypted", verbose_name="encrypted recipient"
                    ),
                ),
                (
                    "text",
                    models.TextField(blank=True, help_text="Encrypted; blank after it expired", verbose_name="encrypted text"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("QUEUED", "waiting"), ("SENT", "sent"), ("FAILED", "failed")], default="QUEUED", max_length=6
                    ),
                ),
                (
                    "sender",
                    models.CharField(
                        blank=True,
                        choices=[("SMTP", "mail server"), ("WEBHOOK", "webhook"), ("STAFF", "nobody: staff read it here")],
                        max_length=7,
                        verbose_name="sent by",
                    ),
                ),
                ("tries", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, db_collation="C", help_text="Why the last try failed", max_length=40)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(help_text="After this moment it is not sent, and its text is emptied")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outbox_messages",
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
                "verbose_name": "message",
                "ordering": ["-pk"],
                "permissions": [("read_outboxmessage", "Can read the text of messages that have not expired")],
                "indexes": [
                    models.Index(fields=["organization", "customer"], name="outbox_message_of_customer"),
                    models.Index(fields=["organization", "-id"], name="outbox_message_newest"),
                    models.Index(fields=["organization", "created_at"], name="outbox_message_created"),
                    models.Index(
                        condition=models.Q(("text", ""), _negated=True),
                        fields=["organization", "expires_at"],
                        name="outbox_message_with_text",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("state", "QUEUED")),
                            models.Q(models.Q(("state", "QUEUED"), _negated=True), ("finished_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="outbox_message_finished_has_moment",
                    )
                ],
            },
        ),
    ]
