"""How do points move? The only writers of points rows: `post` and what builds on it, and `reverse` (docs/ledger.md).

`accounts` has the state of an account and the one function that adds an entry, `movements` what is taken from which lots,
`settling` what falls due by itself; `storing` locks and reads accounts, and writes what became of them. All but the last are
pure: they change states in memory, for a bill of a till, for thousands of an import, for a simulation that writes nothing.
"""
