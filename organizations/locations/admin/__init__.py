"""Back-office pages of zones, concepts, stores and tills."""
