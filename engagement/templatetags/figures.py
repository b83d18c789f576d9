"""How do templates show points, money, and why points moved? As `engagement.figures` does."""

from django import template

from engagement.figures import told_change, told_figures, told_money, told_points

register = template.Library()
register.filter("points", told_points)
register.filter("change", told_change)
register.filter("money", told_money)
register.filter("why", lambda entry: told_figures(entry.explanation))
