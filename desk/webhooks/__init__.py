"""Webhooks: other software hears what happens, signed, retried, replayable."""
