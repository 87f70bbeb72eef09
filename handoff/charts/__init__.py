"""Charts drawn on the server: in a page's own theme (`inline`), or as pictures (`pictures`)."""
