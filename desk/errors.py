"""What the desk refuses.

DeskError
├── NotFound            there is no such thing, or this person may not see it
├── Conflict            somebody else was first, or the same key came with another body
│   └── ClaimedByOther  another agent has the conversation
├── NotAllowed          the person's role does not reach this
└── Invalid             a value cannot be accepted; ``field`` names it
    └── TooLarge        it is larger than its bound
"""


class DeskError(Exception):
    """Base of what the desk refuses."""


class NotFound(DeskError):
    """There is no such thing, or this person may not see it."""


class Conflict(DeskError):
    """Somebody else was first, or the same key came with another body."""


class ClaimedByOther(Conflict):
    """Another agent has the conversation."""

    def __init__(self, agent_name: str) -> None:
        super().__init__(f"{agent_name} já assumiu esta conversa.")
        self.agent_name = agent_name


class NotAllowed(DeskError):
    """The person's role does not reach this."""


class Invalid(DeskError):
    """A value cannot be accepted."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class TooLarge(Invalid):
    """A value is larger than its bound."""
