"""The purchases of a real shop by tier: a table of rules, and the tiers reckoned from the table and the CSV files alone."""
