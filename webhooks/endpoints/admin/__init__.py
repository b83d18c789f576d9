"""Pages of webhook endpoints."""
