"""The application as the server calls it: no thread waits for a client, and unknown callers cannot occupy all threads."""
