"""Buttons that lead to pages about a row."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A link with a Material symbol. `is_dialog`: scripts may show its page over the current one."""

    title: str
    icon: str
    address: str
    is_dialog: bool = True


def button(title: str, icon: str, name: str, pk: int, *, is_dialog: bool = True) -> Button:
    """A button to the address `name` (without `admin:`) of the row with this id."""
    return Button(title=gettext(title), icon=icon, address=reverse(f"admin:{name}", args=[pk]), is_dialog=is_dialog)
