"""Search over people and what was written: its index, how it follows changes, and asking it."""
