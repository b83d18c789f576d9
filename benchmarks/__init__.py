"""Benchmarks beside yardsticks: `python -m benchmarks` (docs/benchmarks.md)."""
