"""What all admin pages share: base classes, columns, filters, forms, and the current user."""
