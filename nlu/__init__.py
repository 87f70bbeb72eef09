"""Rasa graph components of our own: how Ponte reads Brazilian chat."""
