"""The project as an app, for its commands, and Django's admin with the site class of the back office."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core.checks import Tags, register

from loyalty_project.db.checks import check_clock
from loyalty_project.translation import translate_models


class LoyaltyProjectConfig(AppConfig):
    """The project as an app, for its commands."""

    name = "loyalty_project"
    default = True

    def ready(self) -> None:
        """Add the checks of the database, and let the words of models follow the language of the page."""
        register(check_clock, Tags.database)
        translate_models()


class AdminConfig(admin_apps.AdminConfig):
    """The admin with the site class of the back office."""

    default = False
    default_site = "loyalty_project.admin_site.BackOffice"
