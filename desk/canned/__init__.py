"""Canned replies: what an agent says often, found by its shortcut."""
