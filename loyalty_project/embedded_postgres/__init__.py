"""Where does the database come from when DATABASE_URL is not set? From our own PostgreSQL, started when needed."""
