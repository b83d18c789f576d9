"""The search box of every page: what of a customer matches a term, names with a typo, and the pages (docs/back-office.md)."""
