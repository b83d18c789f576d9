"""Shared parts of all admin pages: base classes, columns, filters, forms, and the current user."""
