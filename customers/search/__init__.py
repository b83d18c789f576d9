"""How are customers searched for? What a query says (`grammar`), and whom a condition means (docs/protocol.md 4.4)."""
