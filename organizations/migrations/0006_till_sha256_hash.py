"""Tills keep a second hash, of the SHA-256 digest of their password; those set before have none until they are set again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organizations", "0005_identity_verification")]
    operations = [
        migrations.AddField(
            model_name="till",
            name="password_hash_sha256",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="Argon2id of the lower-case SHA-256 hex digest; blank: the password was set before such digests were kept",
                max_length=200,
            ),
            preserve_default=False,
        ),
    ]
