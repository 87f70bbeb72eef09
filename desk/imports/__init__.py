"""Imports of tables: shown first, then done in small steps that a crash cannot undo or double."""
