"""How is a file with many records brought in? The framework behind every import command; it knows no app (docs/imports.md)."""
