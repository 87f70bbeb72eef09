"""Campaigns: one message to many contacts, at a pace, never twice, never against their will."""
