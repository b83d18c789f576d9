"""Coupon series of organization files, kept as checked JSON on the organization so far, become rows with versions.

Going back writes them as JSON again before the tables go.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from organizations.configuration_triggers import raises_configuration_version

SECTION = "coupon_series"
OWN = ("code", "external_id", "active")
APPEND_ONLY = """
CREATE TRIGGER coupon_series_versions_are_append_only BEFORE UPDATE OR DELETE ON engagement_couponseriesversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
CHANGEABLE = "DROP TRIGGER coupon_series_versions_are_append_only ON engagement_couponseriesversion;"


def make_rows(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    for organization in Organization.objects.filter(stored_sections__has_key=SECTION):
        make_series(apps, organization, organization.stored_sections.pop(SECTION))
        organization.save(update_fields=["stored_sections"])


def make_series(apps, organization, said):
    for stated in said:
        series = apps.get_model("engagement", "CouponSeries").objects.create(
            organization=organization,
            code=stated["code"],
            external_id=stated.get("external_id"),
            is_active=stated.get("active", True),
        )
        apps.get_model("engagement", "CouponSeriesVersion").objects.create(
            organization=organization,
            series=series,
            number=1,
            terms={name: value for name, value in stated.items() if name not in OWN},
            made_at=timezone.now(),
        )


def write_json(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    # Read no more than is needed: going back, columns that came later are gone already.
    for organization in Organization.objects.only("stored_sections"):
        series = apps.get_model("engagement", "CouponSeries").objects.filter(organization=organization).order_by("code")
        said = [as_said(apps, row) for row in series]
        if said:
            organization.stored_sections[SECTION] = said
            organization.save(update_fields=["stored_sections"])


def as_said(apps, series):
    """In the file's words and shortest form: what is a default is left out."""
    newest = apps.get_model("engagement", "CouponSeriesVersion").objects.filter(series=series).order_by("-number").first()
    number = {} if series.external_id is None else {"external_id": series.external_id}
    off = {} if series.is_active else {"active": False}
    return {"code": series.code, **number, **off, **newest.terms}


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0016_points_of_lines"),
        ("organizations", "0011_configuration_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="CouponSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(db_collation="C", max_length=50)),
                (
                    "external_id",
                    models.BigIntegerField(
                        blank=True, help_text="The number by which tills know the series, if it is not our own id", null=True
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "verbose_name": "coupon series",
                "verbose_name_plural": "coupon series",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="CouponSeriesVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="Counts from 1 without gaps")),
                ("terms", models.JSONField()),
                ("made_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="engagement.couponseries"
                    ),
                ),
            ],
            options={
                "ordering": ["series", "-number"],
            },
        ),
        migrations.AddConstraint(
            model_name="couponseries",
            constraint=models.UniqueConstraint(fields=("organization", "code"), name="coupon_series_code_unique"),
        ),
        migrations.AddConstraint(
            model_name="couponseries",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("organization", "external_id"),
                name="coupon_series_external_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponseriesversion",
            constraint=models.UniqueConstraint(
                fields=("organization", "series", "number"), name="coupon_series_version_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="couponseriesversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="coupon_series_version_counts_from_one"
            ),
        ),
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
        raises_configuration_version("engagement_couponseries"),
        raises_configuration_version("engagement_couponseriesversion"),
        migrations.RunPython(make_rows, write_json),
    ]
