"""Kinds of evidence that the two sides of a referral are one person."""

from django.db import models


class Evidence(models.TextChoices):
    """What referrer and referee, or the referee and another member of the ring, have in common."""

    MOBILE = "MOBILE", "same mobile number"
    EMAIL = "EMAIL", "same e-mail address but for dots and tags"
    CARD = "CARD", "same card"
    SOURCE_ACCOUNT = "SOURCE_ACCOUNT", "same account at a source"
    MERGED = "MERGED", "merged accounts"
