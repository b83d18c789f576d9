"""How do templates show points, money, and why points moved? As the rooms do."""

from django import template

from engagement.numbers.display import format_change, format_money, format_points
from engagement.points.explanations import explain

register = template.Library()
register.filter("points", format_points)
register.filter("change", format_change)
register.filter("money", format_money)
register.filter("why", explain)
