"""Labels of customers and what they block."""
