"""Files that staff upload, and what a run created. New columns have constant defaults: no row is rewritten."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0013_erasure_empties_the_audit"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="importrun",
            options={
                "ordering": ["-pk"],
                "permissions": [("import_files", "Can import files"), ("import_points", "Can import files that move points")],
                "verbose_name": "import",
            },
        ),
        migrations.AddField(
            model_name="importrun",
            name="problem",
            field=models.CharField(blank=True, default="", help_text="Why it cannot go on", max_length=500),
        ),
        migrations.AddField(
            model_name="importrun",
            name="started_by",
            field=models.CharField(blank=True, default="", help_text="staff:NAME or command:NAME", max_length=120),
        ),
        migrations.AddField(
            model_name="importrun",
            name="stop_requested_at",
            field=models.DateTimeField(blank=True, help_text="It stops after the batch under way", null=True),
        ),
        migrations.AddField(
            model_name="importrun",
            name="undone_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="importrun",
            name="undone_by",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="importrun",
            name="undone_reason",
            field=models.CharField(blank=True, default="", max_length=250),
        ),
        migrations.CreateModel(
            name="ColumnMemory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("command", models.CharField(max_length=40)),
                ("columns", models.JSONField(default=dict)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("organization", "command"), name="column_memory_unique")],
            },
        ),
        migrations.CreateModel(
            name="CreatedRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record_id", models.BigIntegerField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="created_records",
                        to="organizations.importrun",
                    ),
                ),
            ],
            options={
                "ordering": ["record_id"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "run", "record_id"), name="created_record_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("command", models.CharField(max_length=40)),
                ("filename", models.CharField(max_length=250)),
                ("size", models.BigIntegerField(help_text="Bytes")),
                ("sha256", models.CharField(max_length=64)),
                ("columns", models.JSONField(default=list, help_text="The names in the file's header")),
                ("mapped", models.JSONField(default=list, help_text="For each of them our column, or blank")),
                ("options", models.JSONField(default=dict, help_text="Options of the command, by name")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("NEW", "columns to be chosen"),
                            ("CHECKING", "being checked"),
                            ("CHECKED", "checked"),
                            ("REFUSED", "cannot be imported"),
                            ("IMPORTED", "imported"),
                            ("DISCARDED", "discarded"),
                        ],
                        default="NEW",
                        max_length=9,
                    ),
                ),
                ("problem", models.CharField(blank=True, help_text="Why it cannot be imported", max_length=500)),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.CharField(max_length=120)),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("created", models.PositiveBigIntegerField(default=0)),
                ("updated", models.PositiveBigIntegerField(default=0)),
                ("unchanged", models.PositiveBigIntegerField(default=0)),
                ("rejected", models.PositiveBigIntegerField(default=0)),
                ("warnings", models.JSONField(default=dict, help_text="As those of a run")),
                ("errors", models.JSONField(default=dict, help_text="As those of a run")),
                (
                    "removed_at",
                    models.DateTimeField(blank=True, help_text="When the file was removed from the data folder", null=True),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="file",
                        to="organizations.importrun",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(condition=models.Q(("removed_at", None)), fields=["uploaded_at"], name="uploaded_file_kept")
                ],
            },
        ),
    ]
