"""What a referrer has done in a campaign: code, invitees, referees and incentives (docs/protocol.md 4.11)."""
