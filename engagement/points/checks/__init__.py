"""The proofs of `check_ledger`."""
