"""The referrals app: campaigns, codes, invitations, referees and rewards."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """Configuration of the app."""

    name = "referrals"
