"""The customers app on the wire: one file an action."""
