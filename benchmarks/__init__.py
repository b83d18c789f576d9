"""How fast is it, beside what the same machine allows? `python -m benchmarks` (docs/benchmarks.md)."""
