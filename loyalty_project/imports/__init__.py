"""Framework of the import commands; knows no app (docs/imports.md)."""
