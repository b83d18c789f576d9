"""Products recommended to customers: imported ones, and those of the built-in recommender (docs/protocol.md 4.15)."""
