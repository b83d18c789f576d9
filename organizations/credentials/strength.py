"""Minimum strength of passwords of staff and tills and of secrets of API clients, wherever one is set."""

from typing import Final

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

MIN_LENGTH: Final = 12
_MIN_DIFFERENT: Final = 5


def weakness(secret: str) -> str:
    """What makes `secret` too weak, as the end of a sentence about it; blank if it is strong enough."""
    if len(secret) < MIN_LENGTH:
        return f"must have at least {MIN_LENGTH} characters"
    if len(set(secret)) < _MIN_DIFFERENT:
        return f"must have at least {_MIN_DIFFERENT} different characters"
    if secret.isdigit():
        return "must not consist of digits alone"
    try:
        CommonPasswordValidator().validate(secret)
    except ValidationError:
        return "is too common"
    return ""
