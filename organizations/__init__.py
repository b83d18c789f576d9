"""Tenants: locations, credentials, staff, configuration, the audit."""
