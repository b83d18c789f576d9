"""Referrals: campaigns, codes, invitations, referees and their rewards (docs/protocol.md 4.11)."""
