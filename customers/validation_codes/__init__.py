"""One-time codes sent to customers."""
