"""Base class of the factories of tenant rows."""

from typing import Any

from django.db import models
from factory.django import DjangoModelFactory


class TenantFactory(DjangoModelFactory):
    """Creates rows in and outside an organization's scope. Sequences count from 1; nothing is random."""

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    @classmethod
    def _setup_next_sequence(cls) -> int:
        return 1

    @classmethod
    def _create(cls, model_class: type[models.Model], *_: Any, **values: Any) -> models.Model:
        row: models.Model = model_class._base_manager.create(**values)
        return row
