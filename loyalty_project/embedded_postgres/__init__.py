"""PostgreSQL that is started when needed, for installations without DATABASE_URL."""
