"""Messages to customers on their way: written with what causes them, sent by a worker (docs/operating.md, Messages)."""
