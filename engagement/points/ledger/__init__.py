"""The ledger of points: the only code that writes accounts, entries, lots and consumptions (docs/ledger.md).

`posting` has the state of an account and the one function that adds an entry; `movements` decides which lots pay;
`settlement` releases and expires what is due. These are pure and change states in memory: the same for a bill of a till, for
thousands of an import, and for a simulation. `repository` locks, reads and writes accounts.
"""
