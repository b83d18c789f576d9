"""Which columns does the database keep by itself? Text turned round, by which its end is found as a beginning."""

from django.db import models
from django.db.models.functions import Reverse


def reversed_field(name: str) -> models.GeneratedField:
    """A column that always is the text column `name` backwards, character by character."""
    return models.GeneratedField(
        expression=Reverse(name), output_field=models.TextField(db_collation="C"), db_persist=True, editable=False
    )
