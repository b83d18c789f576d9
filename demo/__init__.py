"""Made-up data and the demo server."""
