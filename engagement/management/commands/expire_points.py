"""`manage.py expire_points`: lets points expire whose last day is over (docs/operating.md)."""

from engagement.points.settling_command import SettlingCommand


class Command(SettlingCommand):
    """Settles what is due. Expiry and release happen in the order of their moments: whoever does one does the other."""

    help = "Let points expire whose last day is over; promised points that are due are released in the same course."
