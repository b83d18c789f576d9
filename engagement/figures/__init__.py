"""Figures of the start page: counted once by a job, in tables that a page reads in a moment (docs/operating.md, Figures)."""
