"""The plumbing as an app (for its commands), and the back office as Django's admin on our own site class."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class LoyaltyProjectConfig(AppConfig):
    """The plumbing, for its commands."""

    name = "loyalty_project"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    """The admin, on our site."""

    default = False
    default_site = "loyalty_project.admin_site.BackOffice"
