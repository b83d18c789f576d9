"""Back-office pages of merges."""
