"""Back-office pages of rewards: the list with the review queue."""
