"""`manage.py release_points`: releases promised points on their day (docs/operating.md)."""

from engagement.points.settling_command import SettlingCommand


class Command(SettlingCommand):
    """Settles what is due: release and expiry, in the order of their times."""

    help = "Release promised points whose day has come; points whose last day is over expire in the same course."
