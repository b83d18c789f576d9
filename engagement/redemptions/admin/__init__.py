"""Back-office pages of redemptions: the list, and redeeming for a customer."""
