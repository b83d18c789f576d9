"""`manage.py release_points`: makes promised points spendable whose day has come (docs/operating.md)."""

from engagement.points.settling_command import SettlingCommand


class Command(SettlingCommand):
    """Settles what is due. Release and expiry happen in the order of their moments: whoever does one does the other."""

    help = "Release promised points whose day has come; points whose last day is over expire in the same course."
