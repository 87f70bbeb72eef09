"""A site as a source: fetched politely, within bounds, from where it was left."""
