"""The CSV file of points."""
