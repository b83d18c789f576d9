"""The organizations app: tenants, their places, credentials, staff and configuration."""

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    """See the module."""

    name = "organizations"
