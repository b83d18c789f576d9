"""Back-office pages of tickets."""
