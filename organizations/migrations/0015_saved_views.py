"""Views of lists that members of staff save for themselves, and the permission to export lists."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0014_imports_of_the_back_office"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("list_name", models.CharField(db_collation="C", help_text="The list's model, as app.model", max_length=60)),
                ("name", models.CharField(max_length=40)),
                ("query", models.JSONField()),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="saved_views", to=settings.AUTH_USER_MODEL
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
                "ordering": ["name", "pk"],
                "permissions": [("export_lists", "Can export lists of the back office")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "member", "list_name", "name"), name="saved_view_name_unique"
                    )
                ],
            },
        ),
    ]
