"""Generated columns: reversed text, so that an index finds the end of a text as a prefix."""

from django.db import models
from django.db.models.functions import Reverse


def reversed_field(name: str) -> models.GeneratedField:
    """Generated column with the text column `name` reversed, character by character."""
    return models.GeneratedField(
        expression=Reverse(name), output_field=models.TextField(db_collation="C"), db_persist=True, editable=False
    )
