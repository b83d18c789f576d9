"""Tenants: places, credentials, staff, configuration, the audit."""
