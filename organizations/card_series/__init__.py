"""Card series and the counters behind their numbers."""
