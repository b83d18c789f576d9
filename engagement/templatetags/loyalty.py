"""Template filters that show points, money, and the reason of a ledger entry."""

from django import template

from engagement.numbers.display import format_change, format_money, format_points
from engagement.points.explanations import explain

register = template.Library()
register.filter("points", format_points)
register.filter("change", format_change)
register.filter("money", format_money)
register.filter("why", explain)
