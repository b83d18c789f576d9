"""`manage.py expire_points`: expires points after their last day (docs/operating.md)."""

from engagement.points.settling_command import SettlingCommand


class Command(SettlingCommand):
    """Settles what is due: expiry and release, in the order of their times."""

    help = "Let points expire whose last day is over; promised points that are due are released in the same course."
