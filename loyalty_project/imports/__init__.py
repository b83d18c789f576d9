"""The one framework behind every import command."""
