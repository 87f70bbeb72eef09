"""The web chat: a page and the API that it, or any other client, speaks."""

from handoff.channels.webchat.routes import blueprint

__all__ = ["blueprint"]
