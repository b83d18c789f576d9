"""The plumbing: wire, database, imports. Knows no app."""
