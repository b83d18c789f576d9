"""`manage.py rotate_token_keys`: adds a key that signs tokens; old ones verify until they are retired (docs/operating.md)."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from organizations.credentials.token_keys import add_key, retire_keys

# The longest time that an API client's tokens may live.
LONGEST_TOKEN_HOURS = 24


class Command(BaseCommand):
    """Adds a key to TOKEN_KEYS_DIR. Running servers sign with it from their next token on."""

    help = "Add a key that signs tokens from now on, and retire old ones if asked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--retire-older-than HOURS`."""
        parser.add_argument(
            "--retire-older-than",
            type=float,
            metavar="HOURS",
            help=f"also delete keys that stopped signing more than HOURS ago (at least {LONGEST_TOKEN_HOURS})",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Print the ids of the new and of the retired keys."""
        hours = options["retire_older_than"]
        if hours is not None and hours < LONGEST_TOKEN_HOURS:
            raise CommandError(f"Tokens may live {LONGEST_TOKEN_HOURS} hours; their keys cannot be retired sooner.")
        folder = settings.TOKEN_KEYS_DIR
        # Retired before the addition: tokens of the present newest key are still in use.
        retired = retire_keys(folder, unused_for=timedelta(hours=hours)) if hours is not None else []
        self.stdout.write(f"signs from now on: {add_key(folder)}")
        for kid in retired:
            self.stdout.write(f"retired: {kid}")
