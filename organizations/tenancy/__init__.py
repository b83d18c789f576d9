"""Organizations as tenants: their row, their settings, and the scope that keeps them apart."""
