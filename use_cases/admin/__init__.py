"""Back-office pages that cross apps: what staff do for one customer."""
