"""Tickets, their comments, links and words. Comments and links are never changed. Words of organization files become rows.

The lists of `tickets` in organization files, kept as checked JSON on the organization so far, become rows. Going back writes
those in use as JSON again.
"""

import django.db.models.deletion
from django.db import migrations, models

from organizations.configuration_triggers import raises_configuration_version

SECTION = "tickets"
LISTS = {"STATUS": "statuses", "PRIORITY": "priorities", "DEPARTMENT": "departments"}
APPEND_ONLY = """
CREATE TRIGGER ticket_comments_are_append_only BEFORE UPDATE OR DELETE ON tickets_ticketcomment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ticket_links_are_append_only BEFORE UPDATE OR DELETE ON tickets_ticketlink
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
CHANGEABLE = """
DROP TRIGGER ticket_links_are_append_only ON tickets_ticketlink;
DROP TRIGGER ticket_comments_are_append_only ON tickets_ticketcomment;
"""


def make_rows(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.filter(stored_sections__has_key=SECTION):
        make_choices(apps, organization, organization.stored_sections.pop(SECTION))
        organization.save(update_fields=["stored_sections"])


def make_choices(apps, organization, lists):
    TicketChoice = apps.get_model("tickets", "TicketChoice")
    closed = {status.upper() for status in lists.get("closed_statuses", [])}
    for kind, key in LISTS.items():
        # Words that differ only in case are one.
        for number, code in enumerate(dict.fromkeys(word.upper() for word in lists.get(key, []))):
            TicketChoice.objects.create(
                organization=organization,
                kind=kind,
                code=code,
                position=number,
                is_closed=kind == "STATUS" and code in closed,
            )


def write_json(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    TicketChoice = apps.get_model("tickets", "TicketChoice")
    for organization in Organization.objects.all():
        active = list(TicketChoice.objects.filter(organization=organization, is_active=True).order_by("position", "code"))
        lists = {key: [row.code for row in active if row.kind == kind] for kind, key in LISTS.items()}
        lists["closed_statuses"] = [row.code for row in active if row.is_closed]
        if active:
            organization.stored_sections[SECTION] = {key: codes for key, codes in lists.items() if codes}
            organization.save(update_fields=["stored_sections"])


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("customers", "0015_configuration_version"),
        ("engagement", "0023_coupon_codes_for_printing"),
        ("organizations", "0011_configuration_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(db_collation="C", help_text="Nine lower-case letters and digits", max_length=9)),
                ("subject", models.CharField(max_length=250)),
                ("subject_folded", models.CharField(db_collation="C", editable=False, max_length=300)),
                ("message", models.TextField(blank=True)),
                ("status", models.CharField(db_collation="C", max_length=100)),
                ("priority", models.CharField(db_collation="C", max_length=100)),
                ("department", models.CharField(blank=True, db_collation="C", max_length=100)),
                (
                    "type",
                    models.CharField(
                        choices=[("STORE", "of a store"), ("CUSTOMER", "of a customer")], default="CUSTOMER", max_length=8
                    ),
                ),
                (
                    "reported_from",
                    models.CharField(
                        choices=[
                            ("EMAIL", "e-mail"),
                            ("INTOUCH", "back office"),
                            ("CALLCENTER", "call centre"),
                            ("CLIENT", "store or app"),
                            ("MICROSITE", "website"),
                            ("SOCIAL", "social network"),
                        ],
                        default="CLIENT",
                        max_length=10,
                    ),
                ),
                (
                    "assigned_to",
                    models.CharField(
                        blank=True,
                        db_collation="C",
                        help_text="User name of a member of staff, or as a caller has it",
                        max_length=150,
                    ),
                ),
                (
                    "field_values",
                    models.JSONField(blank=True, default=dict, help_text="Canonical values of ticket fields by field id"),
                ),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("recorded_at", models.DateTimeField()),
                (
                    "due_at",
                    models.DateTimeField(
                        blank=True, help_text="By the priority; blank: no limit", null=True, verbose_name="due"
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, help_text="Blank: the ticket is open", null=True, verbose_name="closed"),
                ),
                ("made_by", models.CharField(max_length=120)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
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
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="TicketChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("STATUS", "status"), ("PRIORITY", "priority"), ("DEPARTMENT", "department")], max_length=10
                    ),
                ),
                ("code", models.CharField(db_collation="C", help_text="In upper case, as tickets show it", max_length=100)),
                ("is_closed", models.BooleanField(default=False, help_text="Of a status: it closes a ticket")),
                (
                    "due_hours",
                    models.PositiveIntegerField(
                        blank=True, help_text="Of a priority: hours until a ticket is due. Blank: never", null=True
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0, help_text="Order in lists")),
                ("is_active", models.BooleanField(default=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "ticket choice",
                "ordering": ["kind", "position", "code"],
            },
        ),
        migrations.CreateModel(
            name="TicketComment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=120)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="TicketLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_goodwill", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=120)),
                (
                    "adjustment",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagement.pointsadjustment",
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagement.bill",
                    ),
                ),
                (
                    "coupon",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagement.coupon",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                    "ticket",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="links", to="tickets.ticket"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["organization", "customer", "-created_at", "-id"], name="ticket_of_customer"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["organization", "-created_at", "-id"], name="ticket_newest"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["organization", "assigned_to", "-created_at"],
                name="ticket_open",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("closed_at", None), ("due_at__isnull", False)),
                fields=["organization", "due_at"],
                name="ticket_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(fields=("organization", "code"), name="ticket_code_unique"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("organization", "customer", "subject_folded"),
                name="ticket_open_subject_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("subject_folded", ""), _negated=True), name="ticket_has_a_subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketchoice",
            constraint=models.UniqueConstraint(fields=("organization", "kind", "code"), name="ticket_choice_unique"),
        ),
        migrations.AddConstraint(
            model_name="ticketchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "STATUS"), ("is_closed", False), _connector="OR"),
                name="ticket_choice_closed_is_a_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "PRIORITY"), ("due_hours", None), _connector="OR"),
                name="ticket_choice_due_is_a_priority",
            ),
        ),
        migrations.AddIndex(
            model_name="ticketcomment",
            index=models.Index(fields=["organization", "ticket", "id"], name="ticket_comment_of_ticket"),
        ),
        migrations.AddConstraint(
            model_name="ticketlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("adjustment__isnull", True), ("bill__isnull", False), ("coupon__isnull", True), ("entry__isnull", True)
                    ),
                    models.Q(
                        ("adjustment__isnull", True), ("bill__isnull", True), ("coupon__isnull", False), ("entry__isnull", True)
                    ),
                    models.Q(
                        ("adjustment__isnull", True), ("bill__isnull", True), ("coupon__isnull", True), ("entry__isnull", False)
                    ),
                    models.Q(
                        ("adjustment__isnull", False), ("bill__isnull", True), ("coupon__isnull", True), ("entry__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="ticket_link_to_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("bill__isnull", False)),
                fields=("organization", "ticket", "bill"),
                name="ticket_link_bill_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("coupon__isnull", False)),
                fields=("organization", "ticket", "coupon"),
                name="ticket_link_coupon_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("entry__isnull", False)),
                fields=("organization", "ticket", "entry"),
                name="ticket_link_entry_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("adjustment__isnull", False)),
                fields=("organization", "ticket", "adjustment"),
                name="ticket_link_adjustment_unique",
            ),
        ),
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
        raises_configuration_version("tickets_ticketchoice"),
        migrations.RunPython(make_rows, write_json),
    ]
