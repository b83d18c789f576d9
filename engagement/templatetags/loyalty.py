"""Template filters that show points, money, and the reason of a ledger entry."""

from django import template
from django.template import Context

from engagement.adjustments.staff import may_adjust
from engagement.numbers.display import format_change, format_money, format_points
from engagement.points.explanations import explain

register = template.Library()
register.filter("points", format_points)
register.filter("change", format_change)
register.filter("money", format_money)
register.filter("why", explain)


@register.simple_tag(takes_context=True)
def adjusts_points(context: Context) -> bool:
    """True if the current user adjusts points."""
    return may_adjust(context["request"])
