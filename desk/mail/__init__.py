"""E-mail that waits to leave: stored with what caused it, sent afterwards."""
