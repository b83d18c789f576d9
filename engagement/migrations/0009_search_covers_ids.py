"""What searches count and order by stands in their indexes whole: the customer ends each of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0008_search"),
        ("engagement", "0008_accounts_and_lots_that_moved"),
        ("organizations", "0004_idempotency_keys"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="membership",
            name="membership_of_tier",
        ),
        migrations.RemoveIndex(
            model_name="pointsaccount",
            name="points_account_of_program",
        ),
        migrations.RemoveIndex(
            model_name="purchasetotals",
            name="purchases_amount",
        ),
        migrations.RemoveIndex(
            model_name="purchasetotals",
            name="purchases_last_amount",
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["organization", "tier", "customer"], name="membership_of_tier"),
        ),
        migrations.AddIndex(
            model_name="pointsaccount",
            index=models.Index(fields=["organization", "program", "-balance", "customer"], name="points_account_of_program"),
        ),
        migrations.AddIndex(
            model_name="pointsaccount",
            index=models.Index(fields=["organization", "program", "lifetime", "customer"], name="points_account_lifetime"),
        ),
        migrations.AddIndex(
            model_name="purchasetotals",
            index=models.Index(fields=["organization", "amount", "customer"], name="purchases_amount"),
        ),
        migrations.AddIndex(
            model_name="purchasetotals",
            index=models.Index(fields=["organization", "last_amount", "customer"], name="purchases_last_amount"),
        ),
    ]
