"""Webhooks: events of an organization, signed and delivered to the endpoints that listen to them (docs/webhooks.md)."""
