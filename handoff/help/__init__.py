"""The help centre: the documentation that the bot answers from, as pages at ``/ajuda``."""

from handoff.help.routes import blueprint

__all__ = ["blueprint"]
