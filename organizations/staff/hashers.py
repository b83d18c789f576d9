"""Strength and hash of staff passwords. The hash is Django's Argon2 with the cost of the other secrets, in place of 100 MiB."""

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError

from organizations.credentials.strength import MIN_LENGTH, weakness


class StaffHasher(Argon2PasswordHasher):
    """Argon2id with ARGON2_TIME_COST and ARGON2_MEMORY_KIB. A stored hash of other cost is replaced at the next log-in."""

    parallelism = 1

    @property
    def time_cost(self) -> int:  # type: ignore[override]  # Django's is a plain attribute
        """Passes over the memory."""
        return int(settings.ARGON2_TIME_COST)

    @property
    def memory_cost(self) -> int:  # type: ignore[override]
        """Memory of a check, KiB."""
        return int(settings.ARGON2_MEMORY_KIB)


class StrengthValidator:
    """Django's validator (AUTH_PASSWORD_VALIDATORS) with the strength that all secrets have."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        """Raise ValidationError if the password is too weak."""
        if reason := weakness(password):
            raise ValidationError(f"The password {reason}.", code="password_too_weak")

    def get_help_text(self) -> str:
        """The rule, for forms."""
        return f"At least {MIN_LENGTH} characters, 5 of them different, not digits alone, and not a common password."
