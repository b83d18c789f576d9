"""The rooms of the back office for engagement: one file a noun. Importing them puts them on the site."""

from engagement.admin import deferred_event

__all__ = ["deferred_event"]
