"""A language model may word an answer from the passages; what it says is checked, or not used."""
