"""How does an import know its organization, and how is it continued? The run record and the base of every import command."""
