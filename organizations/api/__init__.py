"""How do tills and API clients reach the platform? Authentication, attribution, rate limits, and the view they share."""
