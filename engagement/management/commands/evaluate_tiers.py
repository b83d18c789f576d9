"""`manage.py evaluate_tiers`: renews and lowers tiers whose validity is over (docs/operating.md)."""

from engagement.points.settling_command import SettlingCommand


class Command(SettlingCommand):
    """Settles what is due: ends of tiers, and the points that expire or are released by then."""

    help = "Renew or lower tiers whose validity is over; points that are due are settled in the same course."
