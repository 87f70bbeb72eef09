"""Every table, so that the metadata is whole wherever this is imported."""

from desk.campaigns import tables as campaigns
from desk.canned import tables as canned
from desk.channels import tables as channels
from desk.companies import tables as companies
from desk.configuration import tables as configuration
from desk.contacts import tables as contacts
from desk.conversations import tables as conversations
from desk.conversations.levels import tables as levels
from desk.conversations.routing import tables as routing
from desk.conversations.rules import tables as rules
from desk.conversations.search import tables as search
from desk.db import Base
from desk.events import tables as events
from desk.guides import tables as guides
from desk.hours import tables as hours
from desk.imports import tables as imports
from desk.knowledge import tables as knowledge
from desk.mail import tables as mail
from desk.media import tables as media
from desk.reports import tables as reports
from desk.review import tables as review
from desk.tags import tables as tags
from desk.team import tables as team
from desk.tickets import tables as tickets
from desk.webhooks import tables as webhooks

__all__ = [
    "Base",
    "campaigns",
    "canned",
    "channels",
    "companies",
    "configuration",
    "contacts",
    "conversations",
    "events",
    "guides",
    "hours",
    "imports",
    "knowledge",
    "levels",
    "mail",
    "media",
    "reports",
    "review",
    "routing",
    "rules",
    "search",
    "tags",
    "team",
    "tickets",
    "webhooks",
]
