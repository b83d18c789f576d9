"""Back-office pages of imports."""
