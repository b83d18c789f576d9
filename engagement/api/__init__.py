"""The engagement app on the wire: one file an action."""
