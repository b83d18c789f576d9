"""Points accounts, their ledger and what is read from them."""
