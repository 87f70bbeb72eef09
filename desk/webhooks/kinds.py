"""What other software may hear of: kinds of events, and of each the facts that are told."""

from collections.abc import Mapping

PING = "ping"
SCHEMA_VERSION = 1

EVENT_FACTS: Mapping[str, tuple[str, ...]] = {
    "conversation.created": ("status",),
    "conversation.status_changed": ("before", "after"),
    "conversation.owner_changed": ("before", "after", "reason", "assignee_id"),
    "conversation.queue_changed": ("before", "after"),
    "conversation.priority_changed": ("before", "after"),
    "conversation.first_response": ("queue_id", "seconds"),
    "conversation.tagged": ("tag_id",),
    "conversation.untagged": ("tag_id",),
    "conversation.rated": ("score",),
    "message.created": ("message_id", "seq", "direction", "message_kind", "state"),
    "message.edited": ("message_id", "seq"),
    "message.deleted": ("message_id", "seq"),
    "delivery.changed": ("message_id", "state"),
    "ticket.opened": ("media",),
    "ticket.status_changed": ("before", "after"),
    "ticket.action_posted": ("action_id",),
    "ticket.rated": ("score",),
    "contact.registered": ("contact_id", "company_id"),
    "contact.merged": ("source_id", "target_id"),
    "service_level.warned": ("clock", "queue_id"),
    "service_level.breached": ("clock", "queue_id"),
    "rule.fired": ("rule_id",),
}
"""A fact that is not named here leaves the house with no delivery."""
EVENT_KINDS = tuple(EVENT_FACTS)
