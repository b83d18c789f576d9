"""The organizations app: tenants, their locations, credentials, staff and configuration."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from organizations.credentials.checks import check_token_keys, check_trusted_proxies


class OrganizationsConfig(AppConfig):
    """See the module."""

    name = "organizations"

    def ready(self) -> None:
        """Add this app's deployment checks."""
        register(check_token_keys, Tags.security, deploy=True)
        register(check_trusted_proxies, Tags.security, deploy=True)
