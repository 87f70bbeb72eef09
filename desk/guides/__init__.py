"""Guided help: guides as data, finding the one that fits, and what became of each run."""
