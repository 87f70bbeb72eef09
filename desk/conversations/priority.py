"""The levels of priority; higher goes first in its queue."""

NORMAL, HIGH, URGENT = 0, 1, 2

PRIORITY_LABELS = {NORMAL: "Normal", HIGH: "Alta", URGENT: "Urgente"}
"""pt-BR names, in rising order."""


def priority_label(priority: int) -> str:
    """The name of a level; what lies beyond the table has the name of its end."""
    return PRIORITY_LABELS[max(NORMAL, min(priority, URGENT))]
