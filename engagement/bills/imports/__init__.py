"""The CSV files of bills and of line items."""
