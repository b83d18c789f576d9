"""The customer statuses of organization files, kept as checked JSON on the organization so far, become rows.

Going back writes those in use as JSON again and leaves all rows, which customers may refer to; going forth again, what the
JSON says by then is brought to them as a load would.
"""

from django.db import migrations

SECTION = "customer_statuses"


def make_rows(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.filter(stored_sections__has_key=SECTION):
        make_statuses(apps, organization, organization.stored_sections.pop(SECTION))
        organization.save(update_fields=["stored_sections"])


def make_statuses(apps, organization, said):
    CustomerStatus = apps.get_model("customers", "CustomerStatus")
    CustomerStatus.objects.filter(organization=organization).update(is_active=False)
    for status in said:
        defaults = {"blocks": status.get("blocks", []), "is_active": status.get("active", True)}
        CustomerStatus.objects.update_or_create(
            organization=organization, status=status["status"], label=status["label"], defaults=defaults
        )


def write_json(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.all():
        said = said_statuses(apps, organization)
        if said:
            organization.stored_sections[SECTION] = said
            organization.save(update_fields=["stored_sections"])


def said_statuses(apps, organization):
    statuses = apps.get_model("customers", "CustomerStatus").objects.filter(organization=organization, is_active=True)
    return [
        {"status": status.status, "label": status.label, **({"blocks": status.blocks} if status.blocks else {})}
        for status in statuses.order_by("status", "label")
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0009_customer_statuses"),
        ("organizations", "0005_identity_verification"),
    ]
    operations = [migrations.RunPython(make_rows, write_json)]
