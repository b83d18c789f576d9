"""The project as an app, for its commands, and Django's admin with the site class of the back office."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class LoyaltyProjectConfig(AppConfig):
    """The project as an app, for its commands."""

    name = "loyalty_project"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    """The admin with the site class of the back office."""

    default = False
    default_site = "loyalty_project.admin_site.BackOffice"
