"""Secrets of endpoints: made, rotated and retired. Readable with `SECRET_KEY` alone, and shown once."""

from typing import Final

from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.encryption import seal, unseal
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from webhooks.endpoints.models import Endpoint, EndpointSecret
from webhooks.sending.signing import make_secret

# While a secret is rotated. More would make the header with the signatures long.
MOST_SECRETS: Final = 2


class SecretsRefusedError(ValueError):
    """Secrets cannot be changed like this. The text is the reason, for users. Nothing has changed."""


def add_secret(endpoint: Endpoint, *, by: Actor) -> str:
    """Give an endpoint a new secret and return it. An older one signs beside it until it is retired.

    Raises `SecretsRefusedError` if two secrets sign already. Call it in a transaction.
    """
    endpoint = lock(Endpoint.objects.filter(pk=endpoint.pk)).get()
    signing = EndpointSecret.objects.filter(endpoint=endpoint, retired_at=None).count()
    if signing >= MOST_SECRETS:
        raise SecretsRefusedError("Two secrets sign already. Retire the old one first.")
    secret = make_secret()
    row = EndpointSecret.objects.create(
        organization=by.organization, endpoint=endpoint, sealed=seal(secret), created_at=clock.now()
    )
    change = Change(action="secret added", object_type="endpoint", object_id=endpoint.pk, new={"secret": row.pk})
    record_changes([change], by=by)
    return secret


def retire_old_secrets(endpoint: Endpoint, *, by: Actor) -> int:
    """Retire all secrets but the newest, and return how many. Call it in a transaction."""
    endpoint = lock(Endpoint.objects.filter(pk=endpoint.pk)).get()
    old = list(EndpointSecret.objects.filter(endpoint=endpoint, retired_at=None).order_by("-pk")[1:])
    EndpointSecret.objects.filter(pk__in=[row.pk for row in old]).update(retired_at=clock.now())
    record_changes(
        [Change(action="secret retired", object_type="endpoint", object_id=endpoint.pk, old={"secret": row.pk}) for row in old],
        by=by,
    )
    return len(old)


def signing_keys(endpoint: Endpoint) -> list[str]:
    """The secrets that sign, the newest first. Those that were sealed with another `SECRET_KEY` are left out."""
    rows = EndpointSecret.objects.filter(endpoint=endpoint, retired_at=None).order_by("-pk")
    return [secret for sealed in rows.values_list("sealed", flat=True) if (secret := unseal(sealed)) is not None]
