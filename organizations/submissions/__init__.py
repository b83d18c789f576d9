"""Forms of the back office that were sent: each counts once, however often it is sent."""
