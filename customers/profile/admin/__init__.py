"""Back-office pages of customers."""
