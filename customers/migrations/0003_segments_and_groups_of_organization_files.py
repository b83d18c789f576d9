"""The segments and user groups of organization files, kept as checked JSON on the organization so far, become rows.

Going back writes those in use as JSON again and leaves all rows, which customers may refer to; going forth again, what the
JSON says by then is brought to them as a load would.
"""

from django.db import migrations


def make_rows(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.filter(stored_sections__has_any_keys=["segments", "user_groups"]):
        make_segments(apps, organization, organization.stored_sections.pop("segments", []))
        make_groups(apps, organization, organization.stored_sections.pop("user_groups", []))
        organization.save(update_fields=["stored_sections"])


def make_segments(apps, organization, said):
    Segment = apps.get_model("customers", "Segment")
    SegmentPartition = apps.get_model("customers", "SegmentPartition")
    Segment.objects.filter(organization=organization).update(is_active=False)
    for partitioned in said:
        defaults = {"is_active": partitioned.get("active", True)}
        segment, _ = Segment.objects.update_or_create(organization=organization, name=partitioned["name"], defaults=defaults)
        SegmentPartition.objects.filter(segment=segment).update(is_active=False)
        for position, name in enumerate(partitioned["partitions"], start=1):
            SegmentPartition.objects.update_or_create(
                organization=organization, segment=segment, name=name, defaults={"position": position, "is_active": True}
            )


def make_groups(apps, organization, said):
    UserGroup = apps.get_model("customers", "UserGroup")
    UserGroup.objects.filter(organization=organization).update(is_active=False)
    for group in said:
        defaults = {"name": group["name"], "is_active": group.get("active", True)}
        UserGroup.objects.update_or_create(organization=organization, external_id=group["external_id"], defaults=defaults)


def write_json(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    # Read no more than is needed: going back, columns that came later are gone already.
    for organization in Organization.objects.only("stored_sections"):
        said = {"segments": said_segments(apps, organization), "user_groups": said_groups(apps, organization)}
        said = {name: rows for name, rows in said.items() if rows}
        if said:
            organization.stored_sections |= said
            organization.save(update_fields=["stored_sections"])


def said_segments(apps, organization):
    segments = apps.get_model("customers", "Segment").objects.filter(organization=organization, is_active=True)
    SegmentPartition = apps.get_model("customers", "SegmentPartition")
    return [
        {
            "name": segment.name,
            "partitions": list(
                SegmentPartition.objects.filter(segment=segment, is_active=True)
                .order_by("position", "name")
                .values_list("name", flat=True)
            ),
        }
        for segment in segments.order_by("name")
    ]


def said_groups(apps, organization):
    groups = apps.get_model("customers", "UserGroup").objects.filter(organization=organization, is_active=True)
    return [{"external_id": group.external_id, "name": group.name} for group in groups.order_by("external_id")]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_segments_and_user_groups"),
        ("organizations", "0003_import_runs"),
    ]
    operations = [migrations.RunPython(make_rows, write_json)]
