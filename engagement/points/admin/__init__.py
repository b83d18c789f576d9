"""Back-office pages of points accounts, ledger entries and lots."""
