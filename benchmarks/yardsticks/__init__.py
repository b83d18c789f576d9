"""Yardsticks: programs that do the same work in the database and nothing else."""
