"""Back-office pages of identity requests."""
