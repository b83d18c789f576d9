"""Invitations that customers sent (docs/protocol.md 4.11)."""
