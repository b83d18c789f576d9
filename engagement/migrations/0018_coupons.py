"""Coupons, their redemptions, and the counts of series. The database refuses to change or delete a redemption or reversal."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

# A redemption may still be tied to a bill that comes later.
APPEND_ONLY = """
CREATE TRIGGER coupon_redemptions_are_append_only BEFORE UPDATE OF id, organization_id, coupon_id, redeemed_at, recorded_at,
    transaction_number, amount, discount, custom_fields, till_id, store_id, made_by OR DELETE ON engagement_couponredemption
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER coupon_reversals_are_append_only BEFORE UPDATE OR DELETE ON engagement_couponreversal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
CHANGEABLE = """
DROP TRIGGER coupon_reversals_are_append_only ON engagement_couponreversal;
DROP TRIGGER coupon_redemptions_are_append_only ON engagement_couponredemption;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0015_configuration_version"),
        ("engagement", "0017_coupon_series"),
        ("organizations", "0011_configuration_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="Coupon",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "nth",
                    models.PositiveIntegerField(
                        blank=True, help_text="Blank if the series does not limit a customer's coupons", null=True
                    ),
                ),
                ("code", models.CharField(db_collation="C", max_length=50)),
                ("issued_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("valid_till", models.DateTimeField(help_text="The last second of its validity")),
                ("uses", models.PositiveIntegerField(default=0, help_text="Redemptions that were not reversed")),
                ("most_uses", models.PositiveIntegerField(blank=True, help_text="Blank: unlimited", null=True)),
                (
                    "reference",
                    models.CharField(
                        blank=True, db_collation="C", help_text="The till's reference number of the issue", max_length=100
                    ),
                ),
                (
                    "transaction_number",
                    models.CharField(
                        blank=True, db_collation="C", help_text="The bill with which it was issued", max_length=100
                    ),
                ),
                ("made_by", models.CharField(max_length=120)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupons",
                        to="customers.customer",
                    ),
                ),
                (
                    "issued_to",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                    "series",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupons",
                        to="engagement.couponseries",
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
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="engagement.couponseriesversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="CouponRedemption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("redeemed_at", models.DateTimeField(help_text="As the till stated it")),
                ("recorded_at", models.DateTimeField()),
                ("transaction_number", models.CharField(blank=True, db_collation="C", max_length=100)),
                (
                    "amount",
                    models.DecimalField(blank=True, decimal_places=3, help_text="Of the bill", max_digits=15, null=True),
                ),
                (
                    "discount",
                    models.DecimalField(blank=True, decimal_places=3, help_text="That the till gave", max_digits=15, null=True),
                ),
                ("custom_fields", models.JSONField(blank=True, default=list)),
                ("made_by", models.CharField(max_length=120)),
                (
                    "bill",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupon_redemptions",
                        to="engagement.bill",
                    ),
                ),
                (
                    "coupon",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="engagement.coupon",
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
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="CouponReversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reversed_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=250)),
                ("made_by", models.CharField(max_length=120)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "redemption",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals",
                        to="engagement.couponredemption",
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
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="SeriesIssues",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("issued", models.BigIntegerField(default=0)),
                ("most", models.BigIntegerField(blank=True, help_text="Blank: unlimited", null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "series",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="issues", to="engagement.couponseries"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="coupon",
            index=models.Index(fields=["organization", "customer", "-issued_at", "-id"], name="coupon_of_customer"),
        ),
        migrations.AddIndex(
            model_name="coupon",
            index=models.Index(fields=["organization", "series", "-id"], name="coupon_of_series"),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(
                models.F("organization"), django.db.models.functions.text.Upper("code"), name="coupon_code_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(
                condition=models.Q(("nth__isnull", False)),
                fields=("organization", "issued_to", "series", "nth"),
                name="coupon_nth_of_customer_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("organization", "issued_to", "reference"),
                name="coupon_reference_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(("most_uses__isnull", True), ("uses__lte", models.F("most_uses")), _connector="OR"),
                name="coupon_uses_within_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer__isnull", True), ("issued_to__isnull", True)),
                    models.Q(("customer__isnull", False), ("issued_to__isnull", False)),
                    _connector="OR",
                ),
                name="coupon_has_its_first_customer",
            ),
        ),
        migrations.AddIndex(
            model_name="couponredemption",
            index=models.Index(fields=["organization", "coupon"], name="coupon_redemption_of_coupon"),
        ),
        migrations.AddIndex(
            model_name="couponredemption",
            index=models.Index(
                condition=models.Q(("bill__isnull", False)), fields=["organization", "bill"], name="coupon_redemption_of_bill"
            ),
        ),
        migrations.AddConstraint(
            model_name="couponreversal",
            constraint=models.UniqueConstraint(fields=("organization", "redemption"), name="coupon_redemption_reversed_once"),
        ),
        migrations.AddConstraint(
            model_name="seriesissues",
            constraint=models.CheckConstraint(
                condition=models.Q(("most__isnull", True), ("issued__lte", models.F("most")), _connector="OR"),
                name="coupon_series_within_max",
            ),
        ),
        migrations.RunSQL(APPEND_ONLY, CHANGEABLE),
    ]
