"""What the desk refuses.

DeskError
├── NotFound            there is no such thing, or this person may not see it
├── Conflict            somebody else was first, or the same key came with another body
│   └── ClaimedByOther  another agent has the conversation
├── NotAllowed          the person's role does not reach this
└── Invalid             a value cannot be accepted; ``field`` names it
    └── TooLarge        it is larger than its bound

The words are pt-BR. What differs from case to case stands in braces and comes as a value, so that
a face can say the same in another language: ``Conflict("A fila {name} está cheia.", name=…)``.
"""


class DeskError(Exception):
    """Base of what the desk refuses."""

    def __init__(self, words: str = "", **values: object) -> None:
        super().__init__(words.format(**values) if values else words)
        self.words, self.values = words, values


class NotFound(DeskError):
    """There is no such thing, or this person may not see it."""


class Conflict(DeskError):
    """Somebody else was first, or the same key came with another body."""


class ClaimedByOther(Conflict):
    """Another agent has the conversation."""

    def __init__(self, agent_name: str) -> None:
        super().__init__("{name} já assumiu esta conversa.", name=agent_name)
        self.agent_name = agent_name


class NotAllowed(DeskError):
    """The person's role does not reach this."""


class Invalid(DeskError):
    """A value cannot be accepted."""

    def __init__(self, field: str, words: str, **values: object) -> None:
        super().__init__(words, **values)
        self.field = field
        self.message = str(self)


class TooLarge(Invalid):
    """A value is larger than its bound."""
