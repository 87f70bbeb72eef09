"""Statuses and owners: the only tables of transitions in Ponte.

Everything that asks "may this happen?" or "what happens by itself?" asks here.
"""

from enum import StrEnum


class Status(StrEnum):
    """Status of a service (conversation) and of a ticket. Names and colours are fixed."""

    OPEN = "open"
    IN_SERVICE = "in_service"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Owner(StrEnum):
    """Who answers a conversation."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"


class CampaignState(StrEnum):
    """How far a campaign is."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


STATUS_LABELS = {
    "open": "Aberto",
    "in_service": "Em atendimento",
    "waiting": "Aguardando",
    "resolved": "Resolvido",
    "closed": "Fechado",
}
"""pt-BR names, in the order in which they are shown."""

ENDED = frozenset({Status.RESOLVED, Status.CLOSED})
ACTIVE = frozenset(set(Status) - ENDED)

# Anybody on the team may set any other status by hand (seed 004), for both machines.
MANUAL_STATUS_CHANGES = {status: frozenset(set(Status) - {status}) for status in Status}

# What a status becomes by itself. A pair that is not listed changes nothing.
CONVERSATION_STATUS_AFTER: dict[tuple[str, Status], Status] = {
    ("agent_replied", Status.OPEN): Status.IN_SERVICE,
    ("contact_wrote", Status.RESOLVED): Status.OPEN,
    ("contact_wrote", Status.CLOSED): Status.OPEN,
    ("handed_off", Status.IN_SERVICE): Status.OPEN,
    ("handed_off", Status.WAITING): Status.OPEN,
    ("handed_off", Status.RESOLVED): Status.OPEN,
    ("handed_off", Status.CLOSED): Status.OPEN,
    ("given_to_person", Status.RESOLVED): Status.OPEN,
    ("given_to_person", Status.CLOSED): Status.OPEN,
    ("contact_left", Status.OPEN): Status.RESOLVED,
    ("contact_left", Status.IN_SERVICE): Status.RESOLVED,
    ("contact_left", Status.WAITING): Status.RESOLVED,
}

TICKET_STATUS_AFTER: dict[tuple[str, Status], Status] = {
    ("agent_acted", Status.OPEN): Status.IN_SERVICE,
    ("contact_acted", Status.WAITING): Status.IN_SERVICE,
    ("contact_acted", Status.RESOLVED): Status.OPEN,
    ("contact_acted", Status.CLOSED): Status.OPEN,
}

# Who owns a conversation after what happened. A pair that is not listed is refused.
OWNER_AFTER: dict[tuple[str, Owner], Owner] = {
    ("hand_off", Owner.BOT): Owner.QUEUE,
    ("claim", Owner.BOT): Owner.AGENT,
    ("claim", Owner.QUEUE): Owner.AGENT,
    ("assign", Owner.BOT): Owner.AGENT,
    ("assign", Owner.QUEUE): Owner.AGENT,
    ("assign", Owner.AGENT): Owner.AGENT,
    ("return", Owner.AGENT): Owner.QUEUE,
    ("move", Owner.BOT): Owner.QUEUE,
    ("move", Owner.QUEUE): Owner.QUEUE,
    ("move", Owner.AGENT): Owner.QUEUE,
    ("release", Owner.QUEUE): Owner.BOT,
    ("release", Owner.AGENT): Owner.BOT,
}

# What may be done with a campaign, and how it stands then. A pair that is not listed is refused.
CAMPAIGN_STATE_AFTER: dict[tuple[str, CampaignState], CampaignState] = {
    ("schedule", CampaignState.DRAFT): CampaignState.SCHEDULED,
    ("unschedule", CampaignState.SCHEDULED): CampaignState.DRAFT,
    ("start", CampaignState.SCHEDULED): CampaignState.RUNNING,
    ("pause", CampaignState.RUNNING): CampaignState.PAUSED,
    ("resume", CampaignState.PAUSED): CampaignState.RUNNING,
    ("finish", CampaignState.RUNNING): CampaignState.FINISHED,
    ("cancel", CampaignState.DRAFT): CampaignState.CANCELLED,
    ("cancel", CampaignState.SCHEDULED): CampaignState.CANCELLED,
    ("cancel", CampaignState.RUNNING): CampaignState.CANCELLED,
    ("cancel", CampaignState.PAUSED): CampaignState.CANCELLED,
}
