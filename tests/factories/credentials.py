"""Factory of API clients."""

from factory import LazyAttribute, SelfAttribute, Sequence, SubFactory

from organizations.credentials.hashing import hash_secret
from organizations.credentials.models import ApiClient
from tests.factories.base import TenantFactory
from tests.factories.locations import TillFactory


class ApiClientFactory(TenantFactory):
    """An API client that gets tokens with `secret`."""

    class Meta:
        model = ApiClient

    class Params:
        secret = "client-secret"

    organization = SelfAttribute("till.organization")
    till = SubFactory(TillFactory)
    key = Sequence("key-{}".format)
    secret_hash = LazyAttribute(lambda client: hash_secret(client.secret))
