"""Segments and the partitions that customers are in."""
