"""How do templates show points, money, and why points moved? As the rooms do."""

from django import template

from engagement.explaining import explain
from engagement.figures import told_change, told_money, told_points

register = template.Library()
register.filter("points", told_points)
register.filter("change", told_change)
register.filter("money", told_money)
register.filter("why", explain)
