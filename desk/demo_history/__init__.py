"""A year of made-up service for the demo: the same tables and events as if it had happened."""
