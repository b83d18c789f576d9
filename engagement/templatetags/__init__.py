"""Filters for templates that show engagement."""
